import { beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { cpSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { findReaders } from "../../../src/commands/cdi/find-readers.ts"
import { makeNvidiaSpec } from "../../../src/commands/cdi/make-nvidia-spec.ts"
import { readSpecCall, specFlags } from "../../../src/commands/cdi/spec-call.ts"
import { parseFlags } from "../../../src/commands/flags.ts"
import { machineFlags, saidPlaces } from "../../../src/commands/machine/machine-flags.ts"
import { run as simulate } from "../../../src/commands/simulate.ts"
import type { Result } from "../../../src/core/fault/result.ts"
import type { MadeSpec } from "../../../src/core/generate/made-spec.ts"
import { openHost } from "../../../src/host/open-host.ts"
import { observeAndRemember } from "../../../src/host/state/observe-and-remember.ts"
import { listStates } from "../../../src/host/state/state-file.ts"
import { elfWithSection } from "../../core/inventory/elf-with-section.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("kept-spec")
const machine = join(work, "machine")
const state = join(work, "state")
beforeAll(async () => {
  await simulate(["up", machine, "--gpus", "2", "--mig", "1:0/0=3g.20gb", "--compat32"])
  // What has changed within the last tick of the file system's clock is not remembered.
  await Bun.sleep(25)
  // The first makes the state directory, and what it looked at may lie in the same.
  await make(["--device", "0"], state)
})
beforeEach(() => forget("spec"))

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
  return must(await makeNvidiaSpec(host, { call, readers, places }, where))
}

const statesOf = (kind: "spec" | "machine"): readonly string[] => listStates(state, new RegExp(`^${kind}-`))
const kept = (): readonly string[] => statesOf("spec")
const forget = (kind: "spec" | "machine"): void => {
  for (const file of statesOf(kind)) rmSync(file)
}

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

  test("is not made a second time, nor is the machine looked at again", async () => {
    await make([], state)
    const inodes = (kind: "spec" | "machine") => statesOf(kind).map((file) => statSync(file).ino)
    const [specs, machines] = [inodes("spec"), inodes("machine")]
    expect([specs.length, machines.length]).toEqual([1, 1])
    await make([], state)
    expect(inodes("spec")).toEqual(specs)
    await make(["--numbers"], state)
    expect(inodes("spec")).toHaveLength(2)
    expect(inodes("machine")).toEqual(machines)
  })

  test.each<[what: string, change: () => void]>([
    [
      "was looked at anew",
      () => {
        observeAndRemember(must(openHost(machine)), { driverRoot: "/", ldcache: "/etc/ld.so.cache" }, state)
      },
    ],
    ["was forgotten", () => forget("machine")],
  ])("is not believed when its machine %s", async (_, change) => {
    const made = await make([], state)
    const [before] = kept().map((file) => statSync(file).ino)
    change()
    expect(await make([], state)).toEqual(made)
    expect(kept().map((file) => statSync(file).ino)).not.toEqual([before])
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

  test("is not believed when a GPU's node goes, and that machine's is never kept", async () => {
    const node = join(machine, "dev/nvidia0")
    await make([], state)
    renameSync(node, `${node}.away`)
    const now = await make([], state)
    expect(now.deviceNames).not.toContain("gpu0")
    expect(now).toEqual(await make([], undefined))
    forget("spec")
    // The second finds a machine that is remembered, and may be mended by now.
    for (const _ of [1, 2]) expect(await make([], state)).toEqual(now)
    expect(kept()).toEqual([])
    renameSync(`${node}.away`, node)
  })

  test("is the driver container's only where the machine itself has no driver", async () => {
    const container = join(machine, "run/nvidia/driver")
    mkdirSync(container, { recursive: true })
    for (const name of ["usr", "etc"]) cpSync(join(machine, name), join(container, name), { recursive: true })
    await Bun.sleep(25)
    const own = await make([], undefined)
    expect((await make(["--driver-root=/run/nvidia/driver"], state)).text).toContain("/run/nvidia/driver/usr")
    forget("spec")
    for (const _ of [1, 2]) {
      forget("machine")
      await make(["--driver-root=/run/nvidia/driver"], state)
      expect(await make([], state)).toEqual(own)
    }
    renameSync(join(machine, "usr"), join(machine, "away"))
    await Bun.sleep(25)
    const contained = await make([], undefined)
    expect(contained.text).toContain("/run/nvidia/driver/usr")
    for (const _ of [1, 2, 3]) expect(await make([], state)).toEqual(contained)
    renameSync(join(machine, "away"), join(machine, "usr"))
    await Bun.sleep(25)
    expect(await make([], state)).toEqual(own)
    rmSync(container, { recursive: true })
  })

  test("is not kept of a machine with which something is wrong that no stamp would tell of", async () => {
    const silent = join(work, "silent")
    await simulate(["up", silent, "--gpus", "2", "--mig", "1:0/0=3g.20gb", "--no-nvml"])
    await Bun.sleep(25)
    for (const _ of [1, 2]) expect(await make([], state, silent)).toEqual(await make([], undefined, silent))
    expect(kept()).toEqual([])
  })

  test("is not kept of a board, whose driver is none of libraries", async () => {
    const board = join(work, "board")
    await simulate(["up", board, "--from", join(import.meta.dir, "../../../hosts/orin/listing.txt")])
    await Bun.sleep(25)
    for (const _ of [1, 2]) expect(await make([], state, board)).toEqual(await make([], undefined, board))
    expect(kept()).toEqual([])
  })
})

test("a simulated machine's specification is for this machine's engines where these look, else for those of the directory", async () => {
  const programs = join(work, "programs")
  mkdirSync(programs)
  writeFileSync(join(programs, "crio"), "#!/bin/sh\necho crio version 1.27.8\n", { mode: 0o755 })
  const path = process.env["PATH"]
  process.env["PATH"] = programs
  try {
    const readersOf = async (...args: readonly string[]) =>
      findReaders(must(await readSpecCall(must(parseFlags(args, shape)), shape)), must(openHost(machine)))
    // Engines of the usual places are among them, where the test's machine has some.
    const outputs = [
      "/etc/cdi/nvidia.yaml",
      "/var/run/cdi/nvidia.yaml",
      "/etc//cdi/../cdi/x.yaml",
      "/etc/cdi/",
    ]
    // Engines of the usual places are among them, where the test's machine has some.
    for (const output of outputs)
      expect((await readersOf("--output", output)).engines).toContainEqual({
        name: "crio",
        version: "1.27.8",
        reads: "0.5.0",
      })
    for (const args of [[], ["--output", join(work, "nvidia.yaml")]])
      expect(await readersOf(...args)).toEqual({ engines: [], limit: undefined })
  } finally {
    process.env["PATH"] = path
  }
})

test("an engine of no release is known by the library in its program", async () => {
  const info = `\xff Go buildinf:\x08\x02${"\0".repeat(16)}`
  const programs = join(machine, "usr/bin")
  writeFileSync(
    join(programs, "dockerd"),
    elfWithSection(
      ".go.buildinfo",
      `${info}\nmod\tgithub.com/docker/docker\t(devel)\nbuild\t-ldflags="-X github.com/docker/docker/dockerversion.Version=0.0.0-20250801010039-1a2b3c4"\ndep\ttags.cncf.io/container-device-interface\tv0.8.0\th1:x=\n`,
    ),
    { mode: 0o755 },
  )
  try {
    const call = must(await readSpecCall(must(parseFlags([], shape)), shape))
    const docker = { name: "docker", version: undefined } as const
    expect(await findReaders(call, must(openHost(machine)))).toEqual({
      engines: [{ ...docker, reads: "0.8.0" }],
      limit: { version: "0.8.0", because: [docker] },
    })
  } finally {
    rmSync(join(programs, "dockerd"))
  }
})
