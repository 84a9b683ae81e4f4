import { describe, expect, test } from "bun:test"
import { chooseDevices } from "../../../src/core/generate/choose-devices.ts"
import { snapshotOf } from "./recorded-specs.ts"

/** GPUs 0 and 1 are cut into MIG devices, 2 is not. */
const { inventory } = snapshotOf("mig")
const chosen = (...selectors: readonly string[]): readonly string[] | string => {
  const found = chooseDevices(selectors, inventory)
  if (!found.ok) return found.fault.tag
  return found.value.map((one) =>
    one.kind === "gpu" ? `${one.gpu.index}` : `${one.device.gpuIndex}:${one.device.index}`,
  )
}

describe("the devices of a specification", () => {
  test.each([
    [["all"]],
    [["ALL"]],
    [["nvidia.com/gpu=all"]],
    [["runtime.nvidia.com/gpu=All"]],
    [["0", "all"]],
    [["all", "", "99"]],
  ])("%j are all that can be used: of a GPU that is cut its parts, not the whole", (selectors) =>
    expect(chosen(...selectors)).toEqual(["2", "0:0", "0:1", "0:2", "1:0", "1:1"]),
  )

  test("are those that are named, a GPU that is cut too, in that order", () =>
    expect(chosen("1:0", "2", "0")).toEqual(["1:0", "2", "0"]))

  test.each([
    [["7"], "DeviceUnknown"],
    [["xall"], "DeviceUnknown"],
    [["amd.com/gpu=all"], "DeviceKindUnserved"],
  ])("%j is none of this machine's", (selectors, tag) => expect(chosen(...selectors)).toBe(tag))

  test("a name that says nothing is a fault that tells which there are", () => {
    const found = chooseDevices(["2", ""], inventory)
    expect(found.ok ? undefined : found.fault).toMatchObject({
      tag: "DeviceUnknown",
      data: { selector: "", known: ["0", "1", "2"] },
    })
  })
})
