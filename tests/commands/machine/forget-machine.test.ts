import { expect, test } from "bun:test"
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { forgetMachine } from "../../../src/commands/machine/forget-machine.ts"
import { run as simulate } from "../../../src/commands/simulate.ts"
import { driverPlace } from "../../../src/commands/start/driver-place.ts"
import { parseConfig } from "../../../src/core/request/parse-config.ts"
import { openHost } from "../../../src/host/open-host.ts"
import { observeAndRemember } from "../../../src/host/state/observe-and-remember.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("forget")

test("with a machine goes all that was planned for its containers, and nothing else", async () => {
  const machine = join(work, "machine")
  await simulate(["up", machine, "--gpus", "1"])
  const parsed = parseConfig(`[gantry]\nhost = ${JSON.stringify(machine)}\n`, undefined)
  const host = openHost(machine)
  if (!parsed.ok || !host.ok) throw new Error("there is no machine")
  const { config } = parsed.value
  const state = mkdtempSync(join(work, "state-"))
  Bun.sleepSync(25)
  expect(observeAndRemember(host.value, driverPlace(config), state).remembered).toBeDefined()
  const hash = "0123456789abcdef"
  for (const kind of ["start", "cdi", "nvml"]) writeFileSync(join(state, `${kind}-${hash}.json`), "")
  expect(readdirSync(state)).toHaveLength(4)
  forgetMachine(config, state)
  expect(readdirSync(state).sort()).toEqual([`cdi-${hash}.json`, `nvml-${hash}.json`])
})
