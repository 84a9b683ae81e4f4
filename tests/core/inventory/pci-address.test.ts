import { expect, test } from "bun:test"
import { normalizePciAddress, pciAddressPattern } from "../../../src/core/inventory/pci-address.ts"

test.each([
  ["0000:1a:00.0", "0000:1a:00.0"],
  ["0000:1A:00.0", "0000:1a:00.0"],
  ["00000000:1A:00.0", "0000:1a:00.0"],
  ["00010000:01:00.0", "10000:01:00.0"],
  ["10000:01:00.0", "10000:01:00.0"],
])("%s is %s", (written, normal) => {
  expect(pciAddressPattern.test(written)).toBe(true)
  expect(normalizePciAddress(written)).toBe(normal)
})

test.each(["", "1a:00.0", "000:1a:00.0", "0000:1a:00.8", "0000:1a:20.0", "000000000:1a:00.0"])(
  "%s is none",
  (written) => {
    expect(pciAddressPattern.test(written)).toBe(false)
  },
)
