import { describe, expect, test } from "bun:test"
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  isAsLooked,
  type KnownFile,
  type Look,
  lookForWatch,
  untilChanged,
} from "../../../src/commands/cdi/look-for-watch.ts"
import { parseFlags } from "../../../src/commands/flags.ts"
import { machineFlags } from "../../../src/commands/machine/machine-flags.ts"
import { observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("look")

const shape = {
  program: "test",
  usage: "",
  valued: ["for-engine", ...machineFlags],
  switches: ["without-nodes"],
}

test("a recording, of which no file can be looked at, never changes", async () => {
  const host = createMemoryHost({})
  const snapshot = observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
  const proof = { stamps: [], links: [] }
  const look = { host, snapshot, unready: [], whyNoDriver: undefined, witnesses: [], besides: [], proof }
  const begun = performance.now()
  await untilChanged(look, { path: "/absent/spec.yaml", stamp: "" }, 100, 10)
  expect(performance.now() - begun).toBeGreaterThanOrEqual(99)
})

/** Without a driver, so that nothing has to be made on it. */
function make(name: string): string {
  const machine = join(work, name)
  const words = ["simulate", "up", machine, "--gpus", "0", "--defect", "no-driver", "--no-nvml"]
  const program = join(import.meta.dir, "../../../src/main.ts")
  expect(Bun.spawnSync([process.execPath, program, ...words]).exitCode).toBe(0)
  return machine
}

async function look(machine: string, ...words: readonly string[]): Promise<Look> {
  // Of what changed a moment ago nothing is proved.
  await Bun.sleep(50)
  const flags = parseFlags(["--host", machine, "--without-nodes", ...words], shape)
  const looked = flags.ok ? await lookForWatch(flags.value, shape) : flags
  if (!looked.ok) throw new Error(looked.fault.tag)
  expect(looked.value.proof).toBeDefined()
  return looked.value
}

const versionFile = (machine: string): string => join(machine, "proc/driver/nvidia/version")
function loadDriver(machine: string): void {
  mkdirSync(join(machine, "proc/driver/nvidia"), { recursive: true })
  writeFileSync(versionFile(machine), "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01\n")
}

test("a driver that has come since shows", async () => {
  const machine = make("machine")
  const looked = await look(machine)
  expect(isAsLooked(looked)).toBe(true)
  loadDriver(machine)
  expect(isAsLooked(looked)).toBe(false)
})

test("so does an engine, unless it was said for which the specification is", async () => {
  const machine = make("engines")
  const [any, named] = [await look(machine), await look(machine, "--for-engine", "docker")]
  writeFileSync(join(machine, "usr/bin/podman"), "a Go program", { mode: 0o755 })
  expect([any, named].map(isAsLooked)).toEqual([false, true])
  // On a machine that is not this one PATH says nothing.
  expect(any.witnesses).toContain(hostPath("/usr/local/sbin/crio"))
  expect(named.witnesses).not.toContain(hostPath("/usr/local/sbin/crio"))
})

describe("a pause", () => {
  const stillMs = 60_000
  const absent: KnownFile = { path: join(work, "absent.yaml"), stamp: "" }

  test("ends when the file is another than the watch has left", async () => {
    const looked = await look(make("still"))
    const file = join(work, "spec.yaml")
    setTimeout(() => writeFileSync(file, "of somebody else"), 50)
    await untilChanged(looked, { path: file, stamp: "" }, stillMs, 10)
    expect(existsSync(file)).toBe(true)
  })

  test("ends when what goes on with the machine has come to an end", async () => {
    const machine = make("busy")
    const looked = await look(machine)
    let changes = 0
    const installer = setInterval(() => {
      changes++
      loadDriver(machine)
      appendFileSync(versionFile(machine), "GCC version: x\n".repeat(changes))
      if (changes === 10) clearInterval(installer)
    }, 60)
    await untilChanged(looked, absent, stillMs, 100)
    expect(changes).toBe(10)
  })

  test("ends after the shorter of interval and pause where it is not known what was looked at", async () => {
    const looked = { ...(await look(make("restless"))), proof: undefined }
    const begun = performance.now()
    await untilChanged(looked, absent, stillMs, 10)
    await untilChanged(looked, absent, 10, stillMs)
    expect(performance.now() - begun).toBeLessThan(stillMs / 2)
    expect(isAsLooked(looked)).toBe(true)
  })
})
