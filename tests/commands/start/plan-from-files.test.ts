/** A start that reads specifications keeps what it learned for others, unless that is true of a moment alone. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run as simulate } from "../../../src/commands/simulate.ts"
import { driverPlace } from "../../../src/commands/start/driver-place.ts"
import { planFromFiles } from "../../../src/commands/start/plan-from-files.ts"
import { fail } from "../../../src/core/fault/result.ts"
import type { HostFiles } from "../../../src/core/host/host.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { unseenLayout } from "../../../src/core/plan/container-layout.ts"
import { startKey } from "../../../src/core/plan/start-key.ts"
import { askedDevices } from "../../../src/core/request/asked-devices.ts"
import { createSimulatedFiles } from "../../../src/host/simulated-files.ts"
import { recallDevices } from "../../../src/host/state/cdi-index.ts"
import { recallStart, startPlace } from "../../../src/host/state/prepared-start.ts"
import { beginSpecWitness } from "../../../src/host/state/spec-witness.ts"
import { stateDirectory } from "../../../src/host/state/state-directory.ts"
import { judge } from "../../machine.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"
import { keepPlanned } from "./keep-planned.ts"

const work = temporaryDirectory("plan-from-files")
const machine = join(work, "machine")
const directories = ["/etc/cdi", "/run/cdi"]
const state = stateDirectory()
const missing = state === undefined ? " (missing: a state directory)" : ""

beforeAll(async () => {
  await simulate(["up", machine, "--gpus", "1", "--no-nvml"])
  for (const [directory, value] of [
    ["etc/cdi", "stale"],
    ["run/cdi", "fresh"],
  ] as const) {
    mkdirSync(join(machine, directory), { recursive: true })
    const text = `cdiVersion: 0.5.0\nkind: vendor.com/nic\ndevices: [{name: a, containerEdits: {env: [NIC=${value}]}}]\n`
    writeFileSync(join(machine, directory, "v.yaml"), text)
  }
})
afterAll(async () => {
  await simulate(["down", machine])
})

/** The value that the container gets, and whether others are served from what was kept of it. */
async function start(
  host: HostFiles,
): Promise<readonly [value: string | undefined, isKept: boolean, isIndexed: boolean]> {
  Bun.sleepSync(25)
  const env = ["NVIDIA_VISIBLE_DEVICES=vendor.com/nic=a"]
  const decision = judge({ mode: "jit-cdi", env, config: `[gantry]\nhost = "${machine}"\n` })
  if (decision.kind !== "gpu") throw new Error(decision.kind)
  const planned = await planFromFiles(
    {
      decision,
      asked: askedDevices(decision.request, decision.mode, decision.config),
      layout: unseenLayout,
      know: () => Promise.reject(new Error("nobody asks the machine")),
    },
    { host, directories, witness: beginSpecWitness(host, directories) },
  )
  if (!planned.ok) throw new Error(planned.fault.tag)
  const key = startKey(decision, { layout: unseenLayout })
  const place = startPlace(machine, driverPlace(decision.config), key, join(work, "state"))
  keepPlanned(planned.value, place, machine)
  const text = JSON.stringify(planned.value.plan.edits)
  return [
    ["stale", "fresh"].find((value) => text.includes(`"${value}"`) || text.includes(`NIC=${value}`)),
    place !== undefined && recallStart(place, machine) !== undefined,
    recallDevices(host, directories, ["vendor.com/nic=a"], state) !== undefined,
  ]
}

describe(`what a start learns of specifications${missing}`, () => {
  test.skipIf(state === undefined)("is not kept where one could not be read for a moment", async () => {
    const files = createSimulatedFiles(machine)
    const readFile: HostFiles["readFile"] = (path, range) =>
      path === "/run/cdi/v.yaml" ? fail(readFault(path, "open", "EMFILE")) : files.readFile(path, range)
    expect(await start({ ...files, readFile })).toEqual(["stale", false, false])
    expect(await start(files)).toEqual(["fresh", true, true])
  })
})
