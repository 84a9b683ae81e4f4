import { afterAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseFlags } from "../../src/commands/flags.ts"
import { isAsLooked, lookForWatch, untilChanged } from "../../src/commands/look-for-watch.ts"
import { machineFlags } from "../../src/commands/machine-flags.ts"
import { observeSnapshot } from "../../src/core/plan/snapshot.ts"
import { createMemoryHost } from "../../src/host/memory.ts"

const work = mkdtempSync(join(tmpdir(), "gantry-look-"))
afterAll(() => rmSync(work, { recursive: true, force: true }))

test("a recording, of which no file can be looked at, never changes", async () => {
  const host = createMemoryHost({})
  const snapshot = observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
  const proof = { stamps: [], links: [] }
  const look = { host, snapshot, unready: [], whyNoDriver: undefined, witnesses: [], besides: [], proof }
  const begun = performance.now()
  await untilChanged(look, { path: "/absent/spec.yaml", stamp: "" }, 100, 10)
  expect(performance.now() - begun).toBeGreaterThanOrEqual(99)
})

test("a driver that has come since shows", async () => {
  const machine = join(work, "machine")
  const words = ["simulate", "up", machine, "--gpus", "0", "--defect", "no-driver", "--no-nvml"]
  const program = join(import.meta.dir, "../../src/main.ts")
  expect(Bun.spawnSync([process.execPath, program, ...words]).exitCode).toBe(0)
  const shape = { program: "test", usage: "", valued: [...machineFlags], switches: ["without-nodes"] }
  const flags = parseFlags(["--host", machine, "--without-nodes"], shape)
  const look = flags.ok ? await lookForWatch(flags.value, shape) : flags
  if (!look.ok) throw new Error(look.fault.tag)
  expect(isAsLooked(look.value)).toBe(true)
  mkdirSync(join(machine, "proc/driver/nvidia"), { recursive: true })
  writeFileSync(
    join(machine, "proc/driver/nvidia/version"),
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01\n",
  )
  expect(isAsLooked(look.value)).toBe(false)
})
