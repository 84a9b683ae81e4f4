import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findReaders } from "../../src/commands/find-readers.ts"
import { parseFlags } from "../../src/commands/flags.ts"
import { machineFlags, saidPlaces } from "../../src/commands/machine-flags.ts"
import { makeNvidiaSpec } from "../../src/commands/make-nvidia-spec.ts"
import { run as simulate } from "../../src/commands/simulate.ts"
import { readSpecCall, specFlags } from "../../src/commands/spec-call.ts"
import type { Result } from "../../src/core/fault/result.ts"
import type { MadeSpec } from "../../src/core/generate/made-spec.ts"
import { forgetSpecs } from "../../src/host/kept-spec.ts"
import { openHost } from "../../src/host/open-host.ts"

const work = mkdtempSync(join(tmpdir(), "gantry-kept-spec-"))
const machine = join(work, "machine")
const state = join(work, "state")
beforeAll(async () => {
  await simulate(["up", machine, "--gpus", "2", "--mig", "1:0/0=3g.20gb", "--compat32"])
  // What has changed within the last tick of the file system's clock is not remembered.
  await Bun.sleep(25)
  // The first makes the state directory, and what it looked at may lie in the same.
  await make(["--device", "0"], state)
})
afterAll(() => rmSync(work, { recursive: true, force: true }))
beforeEach(() => forgetSpecs(state))

const shape = {
  program: "gantry cdi generate",
  usage: "",
  valued: [...specFlags.valued, ...machineFlags],
  switches: specFlags.switches,
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.fault))
  return result.value
}

/** `state` undefined: as if nothing could be remembered. */
async function make(
  args: readonly string[],
  where: string | undefined,
  selector = machine,
): Promise<MadeSpec> {
  const flags = must(parseFlags(args, shape))
  const call = must(await readSpecCall(flags, shape))
  const host = must(openHost(selector))
  const readers = await findReaders(call, host)
  const places = must(saidPlaces(flags, shape))
  return must(await makeNvidiaSpec(host, { call, readers, places, selector }, where))
}

const kept = (): readonly string[] =>
  readdirSync(state)
    .filter((name) => name.startsWith("spec-"))
    .map((name) => join(state, name))

/** Each way of asking is another specification, or another text of it. */
const ways: readonly (readonly string[])[] = [
  [],
  ["--format=json"],
  ["--mode=management"],
  ["--kind=example.com/gpu"],
  ["--device=0"],
  ["--device=1:0"],
  ["--device=none"],
  ["--name=index"],
  ["--name=uuid"],
  ["--without-all"],
  ["--hooks=separate"],
  ["--hook-path=/opt/gantry"],
  ["--disable-hook=update-ldcache"],
  ["--numbers"],
  ["--compat32"],
  ["--for-engine=docker@29.0", "--for-engine=podman@4.3.1"],
]

describe("a specification that is kept", () => {
  test("is what would be made anew, whatever is asked for", async () => {
    const anew = new Set<string>()
    for (const way of ways) {
      const made = await make(way, undefined)
      anew.add(made.text)
      expect(await make(way, state)).toEqual(made)
    }
    // Every way makes another text, so that none can pass for another.
    expect(anew.size).toBe(ways.length)
    expect(kept()).toHaveLength(ways.length)
    for (const way of ways) expect(await make(way, state)).toEqual(await make(way, undefined))
  })

  test("is not made a second time", async () => {
    await make([], state)
    const [file = ""] = kept()
    writeFileSync(file, readFileSync(file, "utf8").replace("cdiVersion: ", "cdiVersion:  "))
    expect((await make([], state)).text).toContain("cdiVersion:  ")
  })

  test("is told with the same findings", async () => {
    const way = ["--for-engine=podman@4.3.1"]
    const { findings } = await make(way, undefined)
    expect(findings.map(({ fault: { tag } }) => tag)).toContain("CdiContentLeftOut")
    await make(way, state)
    expect(kept()).toHaveLength(1)
    expect((await make(way, state)).findings).toEqual(findings)
  })

  test("is never one with what an administrator adds: that file may say something else by then", async () => {
    const edits = join(work, "edits.yaml")
    writeFileSync(edits, "containerEdits: { env: [SITE=1] }\n")
    expect((await make(["--edits", edits], state)).text).toContain("SITE=1")
    expect(kept()).toEqual([])
    writeFileSync(edits, "containerEdits: { env: [SITE=2] }\n")
    expect((await make(["--edits", edits], state)).text).toContain("SITE=2")
  })

  test.each<[what: string, change: () => void]>([
    ["a library goes", () => rmSync(join(machine, "usr/lib/x86_64-linux-gnu/libnvcuvid.so.550.163.01"))],
    [
      "a configuration file goes",
      () => rmSync(join(machine, "usr/share/egl/egl_external_platform.d/15_nvidia_gbm.json")),
    ],
    ["a program goes", () => rmSync(join(machine, "usr/bin/nvidia-smi"))],
    [
      "a service's socket comes",
      () => {
        mkdirSync(join(machine, "run/nvidia-fabricmanager"), { recursive: true })
        createServer().listen(join(machine, "run/nvidia-fabricmanager/socket")).unref()
      },
    ],
  ])("is not believed when %s", async (_, change) => {
    const before = await make([], state)
    expect(kept()).toHaveLength(1)
    change()
    await Bun.sleep(25)
    const now = await make([], state)
    expect(now.text === before.text).toBe(false)
    expect(now).toEqual(await make([], undefined))
    expect(kept()).toHaveLength(1)
    expect(await make([], state)).toEqual(now)
  })

  test("is not believed when a GPU's node goes, and that machine's is not kept", async () => {
    const node = join(machine, "dev/nvidia0")
    await make([], state)
    renameSync(node, `${node}.away`)
    const now = await make([], state)
    expect(now.devices.map(({ name }) => name)).not.toContain("gpu0")
    expect(now).toEqual(await make([], undefined))
    forgetSpecs(state)
    expect(await make([], state)).toEqual(now)
    expect(kept()).toEqual([])
    renameSync(`${node}.away`, node)
  })

  test("is not kept of a machine with which something is wrong that no stamp would tell of", async () => {
    const silent = join(work, "silent")
    await simulate(["up", silent, "--gpus", "2", "--mig", "1:0/0=3g.20gb", "--no-nvml"])
    await Bun.sleep(25)
    expect(await make([], state, silent)).toEqual(await make([], undefined, silent))
    expect(kept()).toEqual([])
  })
})
