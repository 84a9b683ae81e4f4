import { describe, expect, test } from "bun:test"
import type { Fault } from "../../../src/core/fault/fault.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import type { Gpu, Inventory, MigDevice } from "../../../src/core/inventory/inventory.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { canSelect, selectDevices, selectDevicesAsAsked } from "../../../src/core/inventory/select-devices.ts"
import { memoryMachine } from "../../machine.ts"

const seen = observeInventory(memoryMachine({ gpus: 6 }))

const uuids = [
  "GPU-11111111-0000-0000-0000-00000000000a",
  "GPU-11111111-0000-0000-0000-00000000000b",
  "GPU-2222aaaa-0000-0000-0000-000000000000",
  "GPU-33333333-0000-0000-0000-000000000000",
]
const addresses = ["0000:10:00.0", "0000:13:00.0", "0000:16:00.0", "0001:0a:1f.0"]
const models = ["NVIDIA A100-SXM4-40GB", "NVIDIA A100-SXM4-80GB", "Tesla T4", "NVIDIA H100 80GB HBM3"]

const sourced = <T>(value: T) => ({ value, source: "NVML" }) as const
const gpus: readonly Gpu[] = seen.gpus.map((gpu, place): Gpu => {
  const usable = uuids[place] !== undefined
  return {
    ...gpu,
    index: usable ? place : undefined,
    state: usable ? "usable" : place === 4 ? "broken" : "undriven",
    pciAddress: addresses[place] ?? gpu.pciAddress,
    uuid: usable ? sourced(uuids[place] ?? "") : undefined,
    model: sourced(models[place] ?? "NVIDIA L40S"),
  }
})
const mig = (gpuIndex: number, index: number, uuid: string | undefined): MigDevice => ({
  gpuIndex,
  index,
  gpuInstance: index + 1,
  computeInstance: 0,
  uuid: uuid === undefined ? undefined : sourced(uuid),
  profile: undefined,
  gpuInstanceNode: undefined,
  computeInstanceNode: undefined,
  accessFiles: [],
})
const inventory: Inventory = {
  ...seen,
  gpus,
  migDevices: [
    mig(0, 0, "MIG-aaaaaaaa-0000-0000-0000-000000000000"),
    mig(0, 1, "MIG-aaaaaaaa-0000-0000-0000-000000000001"),
    mig(1, 0, "MIG-GPU-11111111-0000-0000-0000-00000000000b/7/0"),
    mig(1, 1, undefined),
  ],
}

const everything = ["0", "1", "2", "3", "0:0", "0:1", "1:0", "1:1"]

/** The names of what was chosen, or the tag of the fault. */
function chosen(selectors: readonly string[]): readonly string[] | string {
  const result = selectDevices(selectors, inventory)
  if (!result.ok) return result.fault.tag
  return result.value.map((one) =>
    one.kind === "gpu" ? String(one.gpu.index) : `${one.device.gpuIndex}:${one.device.index}`,
  )
}

function refusal(selector: string): Fault {
  const result = selectDevices([selector], inventory)
  if (result.ok) throw new Error(`${selector} was accepted`)
  return result.fault
}

describe("device selectors that are known", () => {
  test.each<[reason: string, selectors: readonly string[], devices: readonly string[]]>([
    ["nothing selects nothing", [], []],
    ["empty items count for nothing", ["", "1", ""], ["1"]],
    ["all is every usable GPU and every MIG device", ["all"], everything],
    ["all in any case", ["ALL"], everything],
    ["all ends the list: what follows is not judged", ["all", "99"], everything],
    ["what stands before all is judged", ["1", "all"], everything],
    ["an index", ["2"], ["2"]],
    ["leading zeros are a number's", ["02"], ["2"]],
    ["as C reads numbers: a sign", ["+1"], ["1"]],
    ["as C reads numbers: zero below nothing", ["-0"], ["0"]],
    ["as C reads numbers: blanks in front", [" 1"], ["1"]],
    ["as C reads numbers: a pair of them", ["+1:+0"], ["1:0"]],
    ["the order is the machine's, not the list's", ["3", "0"], ["0", "3"]],
    ["twice is once", ["0", "0", uuids[0] ?? "", "0000:10:00.0"], ["0"]],
    ["a UUID", [uuids[2] ?? ""], ["2"]],
    ["a UUID in capitals", [uuids[2]?.toUpperCase() ?? ""], ["2"]],
    ["a UUID with a small prefix", [uuids[2]?.replace("GPU", "gpu") ?? ""], ["2"]],
    ["the beginning of a UUID that only one has", ["GPU-2"], ["2"]],
    ["the same in capitals", ["GPU-2222AA"], ["2"]],
    ["a whole UUID that another's beginning equals is no beginning", [uuids[0] ?? ""], ["0"]],
    ["a PCI address as proc writes it", ["0000:13:00.0"], ["1"]],
    ["a PCI address as NVML writes it", ["00000000:13:00.0"], ["1"]],
    ["a short domain", ["0:13:00.0"], ["1"]],
    ["no function is function 0", ["0000:13:00"], ["1"]],
    ["short numbers", ["0:13:0"], ["1"]],
    ["no domain, as lspci writes it", ["13:00.0"], ["1"]],
    ["hexadecimal in capitals", ["0001:0A:1F.0"], ["3"]],
    ["another domain", ["00000001:0a:1f.0"], ["3"]],
    ["GPU:MIG is a MIG device", ["0:1"], ["0:1"]],
    ["a CDI name of this machine's own kind", ["nvidia.com/gpu=2"], ["2"]],
    ["of the kind that the wrapper makes up", ["runtime.nvidia.com/gpu=0:1"], ["0:1"]],
    ["every device of the kind", ["nvidia.com/gpu=all"], everything],
    ["no device of the kind", ["nvidia.com/gpu=none"], []],
    ["none adds none, and takes none away", ["nvidia.com/gpu=none", "2"], ["2"]],
    ["GPUs before MIG devices", ["1:0", "3"], ["3", "1:0"]],
    ["a GPU and its MIG device are two", ["0", "0:0"], ["0", "0:0"]],
    ["a MIG UUID", ["MIG-aaaaaaaa-0000-0000-0000-000000000001"], ["0:1"]],
    ["a MIG UUID in capitals", ["MIG-AAAAAAAA-0000-0000-0000-000000000001"], ["0:1"]],
    ["a MIG UUID of before the 470 drivers", ["MIG-GPU-11111111-0000-0000-0000-00000000000b/7/0"], ["1:0"]],
    ["the beginning of a MIG UUID that only one has", ["MIG-GPU-1"], ["1:0"]],
    ["a model by a word", ["T4"], ["2"]],
    ["a model by a word of several GPUs", ["a100"], ["0", "1"]],
    ["a model by two words", ["a100 sxm4"], ["0", "1"]],
    ["a model as it is written", ["NVIDIA A100-SXM4-80GB"], ["1"]],
    ["a model by a pattern", ["*80GB*"], ["1", "3"]],
    ["a model by question marks", ["tesla ??"], ["2"]],
  ])("%s: %j", (_, selectors, devices) => {
    expect(chosen(selectors)).toEqual([...devices])
  })
})

describe("device selectors that are refused", () => {
  test.each<[reason: string, selector: string, tag: string]>([
    ["one beyond the last index", "4", "DeviceUnknown"],
    ["a GPU that is not usable has no index", "5", "DeviceUnknown"],
    ["no sign", "-1", "DeviceUnknown"],
    ["no negative number", "-1", "DeviceUnknown"],
    ["no sign alone", "+", "DeviceUnknown"],
    ["no hexadecimal index", "0x1", "DeviceUnknown"],
    ["no range", "0-3", "DeviceUnknown"],
    ["no blanks behind", "1 ", "DeviceUnknown"],
    ["nothing behind a pair", "0:1x", "DeviceUnknown"],
    ["no third number", "0:1:2", "DeviceUnknown"],
    ["a number beyond all numbers", "9".repeat(400), "DeviceUnknown"],
    ["none is the request's word, not a device's", "none", "DeviceUnknown"],
    ["void is the request's word, not a device's", "void", "DeviceUnknown"],
    ["a UUID that nobody has", "GPU-99999999-0000-0000-0000-000000000000", "DeviceUnknown"],
    ["more than a UUID", `${uuids[2]}0`, "DeviceUnknown"],
    ["a UUID without its prefix", uuids[2]?.slice(4) ?? "", "DeviceUnknown"],
    ["the prefix alone begins every UUID", "GPU-", "DeviceUnknown"],
    ["the prefix alone begins every UUID", "MIG-", "DeviceUnknown"],
    ["a beginning that two have", "GPU-1", "DeviceAmbiguous"],
    ["a beginning that two MIG devices have", "MIG-aaaaaaaa", "DeviceAmbiguous"],
    ["an address where nothing is", "0000:99:00.0", "DeviceUnknown"],
    ["another function of a GPU's place", "0000:13:00.1", "DeviceUnknown"],
    ["another domain", "0002:13:00.0", "DeviceUnknown"],
    ["an address that is none", "0000:13:00.8", "DeviceUnknown"],
    ["an address that is none", "0000:113:00.0", "DeviceUnknown"],
    ["a MIG device that is not there", "0:2", "DeviceUnknown"],
    ["a GPU that is not cut", "2:0", "DeviceUnknown"],
    ["a MIG UUID that nobody has", "MIG-1234", "DeviceUnknown"],
    ["a part of a word", "10", "DeviceUnknown"],
    ["a part of a word", "A10", "DeviceUnknown"],
    ["a pattern of nothing", "*", "DeviceUnknown"],
    ["a pattern without a letter", "*0*", "DeviceUnknown"],
    ["a pattern that fits none", "*V100*", "DeviceUnknown"],
    ["a model that only an unusable GPU has", "L40S", "DeviceUnknown"],
    ["longer than a model's name", "a".repeat(65), "DeviceUnknown"],
    ["a CDI device of another kind is somebody else's", "vendor.com/gpu=0", "DeviceKindUnserved"],
    ["a CDI device of this kind that is not there", "nvidia.com/gpu=77", "DeviceUnknown"],
    ["letters beyond ASCII", "é", "DeviceUnknown"],
    ["a line break", "0\n1", "DeviceUnknown"],
    ["a name that objects have", "__proto__", "DeviceUnknown"],
  ])("%s: %j", (_, selector, tag) => {
    expect(refusal(selector).tag).toBe(tag as Fault["tag"])
  })

  test("one unknown device refuses the whole list", () => {
    expect(chosen(["0", "99", "1"])).toBe("DeviceUnknown")
  })

  test("a miss names what there is, and each GPU that cannot be used with its state", () => {
    const { data } = refusal("99") as Extract<Fault, { readonly tag: "DeviceUnknown" }>
    expect(data.known).toEqual([
      ...uuids.map((uuid, index) => `${index} (${uuid})`),
      "0:0 (MIG-aaaaaaaa-0000-0000-0000-000000000000)",
      "0:1 (MIG-aaaaaaaa-0000-0000-0000-000000000001)",
      "1:0 (MIG-GPU-11111111-0000-0000-0000-00000000000b/7/0)",
      "1:1 (UUID not known)",
      `not ${gpus[4]?.pciAddress}, which is broken`,
      `not ${gpus[5]?.pciAddress}, which is undriven`,
    ])
  })

  test("a GPU that cannot be used is not chosen by its address or model", () => {
    for (const gpu of gpus.slice(4)) expect(refusal(gpu.pciAddress).tag).toBe("DeviceUnknown")
  })

  test("an ambiguous beginning names whom it fits", () => {
    const line = renderFaultLine(refusal("GPU-1"))
    expect(line).toContain(`${uuids[0]}, ${uuids[1]}`)
  })

  test.each<[written: string, meant: string]>([
    ["0000:13:00.1", "0000:13:00.0"],
    ["GPU-2222aaaa-0000-0000-0000-000000000001", uuids[2] ?? ""],
    ["Telsa T4", "Tesla T4"],
    ["Tezla", "Tesla"],
    ["0:3", "0:0"],
  ])("%s: did you mean %s?", (written, meant) => {
    expect(renderFaultLine(refusal(written))).toContain(`did you mean ${meant}?`)
  })

  test("nothing near is nothing meant", () => {
    expect(renderFaultLine(refusal("frobnicate"))).not.toContain("did you mean")
  })

  test("half a million selectors are judged", () => {
    expect(chosen(Array.from({ length: 500_000 }, (_, index) => String(index % 4)))).toEqual([
      "0",
      "1",
      "2",
      "3",
    ])
  })
})

test("as asked: in the order of the selectors; all adds what is missing, GPUs before MIG devices", () => {
  const asked = (...selectors: readonly string[]): readonly string[] => {
    const result = selectDevicesAsAsked(selectors, inventory)
    if (!result.ok) throw new Error(result.fault.tag)
    return result.value.map((one) =>
      one.kind === "gpu" ? String(one.gpu.index) : `${one.device.gpuIndex}:${one.device.index}`,
    )
  }
  expect(asked("3", "0", "3")).toEqual(["3", "0"])
  expect(asked("1:0", "2", "0:1")).toEqual(["1:0", "2", "0:1"])
  expect(asked("2", "all")).toEqual(["2", "0", "1", "3", "0:0", "0:1", "1:0", "1:1"])
  expect(chosen(["3", "0"])).toEqual(["0", "3"])
  expect(chosen(["1:0", "2", "0:1"])).toEqual(["2", "0:1", "1:0"])
})

test.each([
  ...[
    "",
    "all",
    "ALL",
    "nvidia.com/gpu=all",
    "nvidia.com/gpu=none",
    "none",
    "0",
    "00",
    "4",
    "99",
    "0:0",
    "0:9",
    "1:0:0",
    "A100",
    "a1?0*",
    "L40S",
    "q0",
  ],
  ...["nvidia.com/gpu=1", "nvidia.com/gpu=q1", "amd.com/gpu=0", "10:00.0", "0001:0a:1f.0", "0000:ff:00.0"],
  ...["GPU-", "GPU-1", "GPU-2", "GPU-22", "gpu-33333333", "MIG-", "MIG-0", uuids[0] ?? ""],
])("whether %p can be selected is known without selecting it", (selector) => {
  expect(canSelect(selector, inventory)).toBe(selectDevices([selector], inventory).ok)
})
