/** Of which kind a specification is, by what it is of, so that two of one machine never share a device. */

import { expect, test } from "bun:test"
import { makeSpec } from "../../../src/commands/cdi/make-spec.ts"
import { readSpecCall, specFlags } from "../../../src/commands/cdi/spec-call.ts"
import { parseFlags } from "../../../src/commands/flags.ts"
import type { Result } from "../../../src/core/fault/result.ts"
import { type HostSnapshot, observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { observeRecorded } from "../../hosts/recorded-host.ts"
import { memoryMachine } from "../../machine.ts"

const shape = { program: "gantry cdi generate", usage: "", ...specFlags }
const node = (minor: number) => ({ kind: "character", major: 500, minor, mode: 0o666 }) as const

/** With what every mode but those of other platforms gives. */
const machine = memoryMachine({
  gpus: 1,
  shape: { imexChannels: 1 },
  change: (tree) => {
    tree["/dev/nvidia-fs0"] = node(0)
    tree["/dev/gdrdrv"] = node(1)
    tree["/dev/infiniband/uverbs0"] = node(2)
    tree["/dev/infiniband/rdma_cm"] = node(3)
    tree["/dev/nvidia-nvswitch0"] = node(4)
    tree["/dev/nvidia-nvswitchctl"] = node(255)
  },
})
const snapshot = observeSnapshot(machine, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.fault))
  return result.value
}

async function kindOf(of: HostSnapshot, ...args: readonly string[]): Promise<string> {
  const call = must(await readSpecCall(must(parseFlags(args, shape)), shape))
  return must(makeSpec(of, call)).spec.kind
}

test.each([
  ["auto", "nvidia.com/gpu"],
  ["nvml", "nvidia.com/gpu"],
  ["management", "management.nvidia.com/gpu"],
  ["imex", "nvidia.com/imex-channel"],
  ["gds", "nvidia.com/gds"],
  ["gdrcopy", "nvidia.com/gdrcopy"],
  ["mofed", "nvidia.com/mofed"],
  ["nvswitch", "nvidia.com/nvswitch"],
])("mode %s: %s, or what is said", async (mode, kind) => {
  expect(await kindOf(snapshot, `--mode=${mode}`)).toBe(kind)
  expect(await kindOf(snapshot, `--mode=${mode}`, "--kind=example.com/card")).toBe("example.com/card")
})

const wsl = observeSnapshot(
  createMemoryHost({
    "/dev/dxg": { kind: "character", major: 10, minor: 125, mode: 0o666 },
    "/usr/lib/wsl/lib/libdxcore.so": { kind: "file", content: "" },
    "/usr/lib/wsl/drivers/nv_dispi.inf_amd64_1/libcuda.so.1.1": { kind: "file", content: "" },
    "/usr/lib/wsl/drivers/nv_dispi.inf_amd64_1/libnvidia-ml.so.1": { kind: "file", content: "" },
  }),
  { driverRoot: "/", ldcache: "/etc/ld.so.cache" },
)
test.each([
  ["a Tegra board", "auto", observeRecorded("orin")],
  ["a Tegra board", "csv", observeRecorded("orin")],
  ["WSL", "auto", wsl],
  ["WSL", "wsl", wsl],
])("of %s in mode %s: that of GPUs", async (_what, mode, of) => {
  expect(await kindOf(of, `--mode=${mode}`)).toBe("nvidia.com/gpu")
})
