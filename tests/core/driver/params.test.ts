import { expect, test } from "bun:test"
import { withoutNodeModification } from "../../../src/core/driver/params.ts"

test.each([
  [
    "Mobile: 1\nModifyDeviceFiles: 1\nDeviceFileUID: 0\n",
    "Mobile: 1\nModifyDeviceFiles: 0\nDeviceFileUID: 0\n",
  ],
  ["ModifyDeviceFiles: 1", "ModifyDeviceFiles: 0"],
  [
    'RegistryDwords: "ModifyDeviceFiles: 1"\nModifyDeviceFiles: 1\n',
    'RegistryDwords: "ModifyDeviceFiles: 1"\nModifyDeviceFiles: 0\n',
  ],
  ["ModifyDeviceFiles: 10\nModifyDeviceFiles: 1\n", "ModifyDeviceFiles: 10\nModifyDeviceFiles: 0\n"],
  ["XModifyDeviceFiles: 1\nModifyDeviceFiles: 1 \n", "XModifyDeviceFiles: 1\nModifyDeviceFiles: 1 \n"],
  ["", ""],
])("%j as a container is to see it: %j", (params, seen) => {
  expect(withoutNodeModification(params)).toBe(seen)
})
