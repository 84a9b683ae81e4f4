import { describe, expect, test } from "bun:test"
import { canonicalName, isMachineName } from "../../../src/core/generate/machine-names.ts"

const uuid = "GPU-5a1c6c1e-2b7d-4c6f-9a3e-0123456789ab"

describe("names that mean one device are one name", () => {
  test.each([
    [uuid, uuid],
    [uuid.toLowerCase(), uuid],
    [uuid.toUpperCase(), uuid],
    [uuid.replace("GPU", "mig"), uuid.replace("GPU", "MIG")],
    ["0000:1a:00.0", "0000:1a:00.0"],
    ["0000:1A:00.0", "0000:1a:00.0"],
    ["00000000:1A:00.0", "0000:1a:00.0"],
    ["1a:00.0", "0000:1a:00.0"],
  ])("%s: %s", (name, canonical) => expect(canonicalName(name)).toBe(canonical))

  test.each(["0", "0:1", "gpu0", "mig0:1", "all", "GPU-left", "gpu-left", "Front"])(
    "%s is said in one way",
    (name) => expect(canonicalName(name)).toBe(name),
  )
})

test.each([
  ["all", true],
  ["0", true],
  ["10:1", true],
  ["gpu10", true],
  ["mig0:1", true],
  [uuid, true],
  [uuid.toLowerCase(), true],
  ["1A:00.0", true],
  ["0:1:2:3", false],
  ["gpu", false],
  ["gpu0:1", false],
  ["mig0", false],
  ["xgpu0", false],
  ["gpu0x", false],
  ["0x", false],
  ["GPU-left", false],
  [`${uuid}0`, false],
  ["none", false],
  ["", false],
])("%p is what a generator calls a device of a machine: %p", (name, isOne) =>
  expect(isMachineName(name)).toBe(isOne),
)
