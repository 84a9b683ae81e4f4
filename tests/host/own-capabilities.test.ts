import { expect, test } from "bun:test"
import { mayAdministrate } from "../../src/host/own-capabilities.ts"

test.each([
  ["root's", "CapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\n", true],
  ["that capability alone", "CapEff:\t0000000000200000\n", true],
  ["all others", "CapEff:\t000001ffffdfffff\n", false],
  ["permitted and not in effect", "CapPrm:\t000001ffffffffff\nCapEff:\t0000000000000000\n", false],
  ["none", "CapEff:\t0000000000000000\n", false],
  ["a kernel that does not say", "", false],
])("%s", (_, status, can) => {
  expect(mayAdministrate(status)).toBe(can)
})
