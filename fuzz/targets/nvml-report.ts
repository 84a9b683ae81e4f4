/** What a child process said of NVML: it may have been cut off, or be a stranger's. */

import { readNvmlReport } from "../../src/core/inventory/nvml-report.ts"
import { observeInventory } from "../../src/core/inventory/observe-inventory.ts"
import { createMemoryHost, type MemoryTree } from "../../src/host/memory.ts"
import { bytesOf, recordings } from "../corpus.ts"
import { checkSnapshot } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

/** One GPU that files do not tell enough of, so that NVML is asked. */
const tree: MemoryTree = {
  "/sys/module/nvidia/version": { kind: "file", content: "550.163.01\n" },
  "/proc/driver/nvidia/gpus/0000:10:00.0/information": {
    kind: "file",
    content: "Device Minor: 0\nModel: Unknown\n",
  },
  "/dev/nvidia0": { kind: "character", major: 195, minor: 0 },
}

const seeds = (): readonly Uint8Array[] =>
  recordings().flatMap(({ answers }) => {
    const [, answer] = Object.entries(answers).find(([key]) => key.startsWith("readNvml ")) ?? []
    return answer !== undefined && "value" in answer ? [bytesOf(JSON.stringify(answer.value))] : []
  })

export const nvmlReport: FuzzTarget = {
  name: "nvml-report",
  weight: 8,
  seeds,
  tokens: [
    '"migDevices":',
    '"uuid":',
    "[",
    "]",
    "{",
    "}",
    ",",
    "null",
    "-1",
    "1.5",
    "1e300",
    '"0000:10:00.0"',
  ],
  check(input) {
    let value: unknown
    try {
      value = JSON.parse(new TextDecoder().decode(input))
    } catch {
      return undefined
    }
    const report = readNvmlReport(value)
    if (report === undefined) return undefined
    const inventory = observeInventory(createMemoryHost(tree, "x", report))
    return checkSnapshot({ name: "x", inventory, driver: undefined, procFiles: [], platform: undefined })
  },
}
