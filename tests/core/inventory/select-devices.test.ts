import { describe, expect, test } from "bun:test"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { selectDevices } from "../../../src/core/inventory/select-devices.ts"
import { memoryMachine } from "../../machine.ts"

const inventory = observeInventory(memoryMachine({ gpus: 4 }))
const uuid = inventory.gpus[1]?.uuid?.value ?? ""
const selected = (...selectors: readonly string[]): unknown => {
  const result = selectDevices(selectors, inventory)
  return result.ok ? result.value.map(({ gpu }) => gpu.index) : result.fault.tag
}

describe("device selectors", () => {
  test.each<[selectors: readonly string[], chosen: unknown]>([
    [["all"], [0, 1, 2, 3]],
    [
      ["2", "0"],
      [0, 2],
    ],
    [["0", "0"], [0]],
    [["", "1"], [1]],
    [[uuid], [1]],
    [[uuid.toUpperCase().replace("GPU-", "gpu-")], [1]],
    [["0000:13:00.0"], [1]],
    [["00000000:13:00.0"], [1]],
    [["0:13:0"], [1]],
    [
      ["1", "all"],
      [0, 1, 2, 3],
    ],
    [[], []],
    [["4"], "DeviceUnknown"],
    [["-1"], "DeviceUnknown"],
    [["GPU-0"], "DeviceUnknown"],
    [["0000:99:00.0"], "DeviceUnknown"],
    [["0:1"], "DeviceUnknown"],
    [["MIG-1234"], "DeviceUnknown"],
    [["nvidia.com/gpu=0"], "DeviceKindUnserved"],
    [["é"], "DeviceUnknown"],
  ])("%j: %j", (selectors, chosen) => {
    expect(selected(...selectors)).toEqual(chosen as never)
  })
})
