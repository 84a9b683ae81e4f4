import { expect, test } from "bun:test"
import { normalisePciAddress, pciAddressPattern } from "../../../src/core/inventory/pci-address.ts"

test.each([
  ["0000:1a:00.0", "0000:1a:00.0"],
  ["0000:1A:00.0", "0000:1a:00.0"],
  ["00000000:1A:00.0", "0000:1a:00.0"],
  ["00010000:01:00.0", "10000:01:00.0"],
  ["10000:01:00.0", "10000:01:00.0"],
])("%s is %s", (written, normal) => {
  expect(pciAddressPattern.test(written)).toBe(true)
  expect(normalisePciAddress(written)).toBe(normal)
})

test.each(["", "1a:00.0", "000:1a:00.0", "0000:1a:00.8", "0000:1a:20.0", "000000000:1a:00.0"])(
  "%s is none",
  (written) => {
    expect(pciAddressPattern.test(written)).toBe(false)
  },
)

test.each<[written: string, normal: string | undefined]>([
  ["0000:1a:00.0", "0000:1a:00.0"],
  ["00000000:1A:00.0", "0000:1a:00.0"],
  ["1a:00.0", "0000:1a:00.0"],
  ["0:1a:0", "0000:1a:00.0"],
  ["10000:1a:00.0", "10000:1a:00.0"],
  ["0000:1a:00.7", "0000:1a:00.7"],
  ["1a:00", undefined],
  ["0000:1a:00.8", undefined],
  ["0000:1a:00.", undefined],
  ["0000:1a:00.00", undefined],
  ["000000000:1a:00.0", undefined],
  ["", undefined],
])("in any form, %j is %p", (written, normal) => {
  expect(normalisePciAddress(written)).toBe(normal as string)
})
