import { expect, test } from "bun:test"
import { renderApplicationProfile } from "../../../src/core/driver/application-profile.ts"

test.each([
  [[0], "0x1"],
  [[5], "0x20"],
  [[1, 1, 0], "0x3"],
  [[63], "0x8000000000000000"],
  [Array.from({ length: 64 }, (_, minor) => minor), "0xffffffffffffffff"],
])("minors %j are the mask %s", (minors, mask) => {
  const text = renderApplicationProfile(minors) ?? ""
  expect(text).toContain(`["EGLVisibleDGPUDevices",${mask}]`)
})

test("without a GPU there is no profile", () => expect(renderApplicationProfile([])).toBeUndefined())
