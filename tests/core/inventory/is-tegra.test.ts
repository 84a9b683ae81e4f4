import { describe, expect, test } from "bun:test"
import { isTegra } from "../../../src/core/inventory/is-tegra.ts"
import type { NvmlReport } from "../../../src/core/inventory/nvml-report.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { cudaOfTegra } from "../../../src/core/inventory/tegra.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import { nvmlReport, orin } from "../../machine.ts"

const file = (content: string): MemoryTree[string] => ({ kind: "file", content })
const release = { "/etc/nv_tegra_release": file("# R35 (release), REVISION: 4.1\n") }
const family = (text: string): MemoryTree => ({ "/sys/devices/soc0/family": file(text) })
const gpu = (address: string, model: string): MemoryTree => ({
  [`/proc/driver/nvidia/gpus/${address}/information`]: file(`Model: \t\t ${model}\nDevice Minor: \t 0\n`),
})
const driver = { "/proc/driver/nvidia/version": file("NVRM version: x  540.3.0  y\n") }

describe("is a machine a Tegra board", () => {
  test.each<[name: string, is: boolean, tree: MemoryTree]>([
    ["by its release", true, release],
    ["by its family", true, family("Tegra\n")],
    ["by its family, in any case", true, family("tegra234\n")],
    ["another family is none", false, family("Grace\n")],
    ["an ordinary machine is none", false, driver],
    ["also where the driver's module is loaded for displays alone", true, { ...release, ...driver }],
    ["not where a discrete GPU is used", false, { ...release, ...gpu("0005:01:00.0", "NVIDIA RTX A6000") }],
    ["where the board's own GPU is on the bus", true, { ...release, ...gpu("0000:01:00.0", "NVIDIA Thor") }],
    [
      "also beside a discrete one",
      true,
      { ...release, ...gpu("0000:01:00.0", "NVIDIA Thor"), ...gpu("0001:01:00.0", "NVIDIA L4") },
    ],
    ["by the older boards' name", true, { ...release, ...gpu("0000:01:00.0", "Orin (nvgpu)") }],
    ["a GPU alone is no sign", false, gpu("0000:01:00.0", "NVIDIA Thor")],
  ])("%s: %p", (_, is, tree) => {
    const host = createMemoryHost(tree)
    expect(isTegra(host)).toBe(is)
    expect(observeInventory(host).platform).toBe(is ? "tegra" : "native")
  })
})

describe("a board's own GPU of which NVML alone tells", () => {
  const discrete = gpu("0005:01:00.0", "NVIDIA RTX A6000")
  const both = nvmlReport([orin, { name: "NVIDIA RTX A6000", pciAddress: "0005:01:00.0" }])
  const seen = (tree: MemoryTree, nvml: NvmlReport) =>
    observeInventory(createMemoryHost({ ...driver, ...discrete, ...tree }, "board", nvml))

  test("makes a board of a machine with a board's files, and counts before the other", () => {
    expect(isTegra(createMemoryHost({ ...release, ...discrete }))).toBe(false)
    const { platform, boardGpu, gpus } = seen(release, both)
    expect([platform, boardGpu]).toEqual(["tegra", { index: 0, ...orin }])
    expect(gpus.map(({ index }) => index)).toEqual([1])
  })

  test("counts behind those that NVML has before it", () => {
    const { gpus } = seen(release, {
      ...both,
      gpus: both.gpus.map((one) => ({ ...one, index: 1 - one.index })),
    })
    expect(gpus.map(({ index }) => index)).toEqual([0])
  })

  test("makes none of another machine, and none where the discrete one is alone", () => {
    expect(seen({}, both).platform).toBe("native")
    expect(seen(release, nvmlReport([{ name: "NVIDIA RTX A6000" }])).platform).toBe("native")
  })
})

describe("the CUDA version of a release", () => {
  test.each([
    ["R40 (release), REVISION: 1.0", undefined],
    ["R39 (release), REVISION: 2.0", "13.2"],
    ["R38 (release), REVISION: 2.0", "13.0"],
    ["R36 (release), REVISION: 4.3", "12.6"],
    ["R36 (release), REVISION: 3.0", "12.2"],
    ["R35 (release), REVISION: 4.1", "11.4"],
    ["R34 (release), REVISION: 1.1", "11.4"],
    ["R32 (release), REVISION: 7.1", "10.2"],
    ["R32 (release), REVISION: 4.2", "10.2"],
    ["R32 (release), REVISION: 3.1", "10.0"],
    ["R32 (release), REVISION: 2.1", "10.0"],
    ["R28 (release), REVISION: 2.0", undefined],
    ["R35 something else", undefined],
  ])("%s: %p", (text, cuda) => {
    const host = createMemoryHost({ "/etc/nv_tegra_release": file(`# ${text}, GCID: 1\n`) })
    expect(cudaOfTegra(host)?.value).toBe(cuda)
  })
})
