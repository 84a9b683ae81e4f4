import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { compareNames } from "../../../src/core/ldcache/compare-names.ts"
import { propertyRuns } from "../../property-runs.ts"

const name = fc.stringMatching(/^[ab0-9.]{0,8}$/)

describe("the loader's order of names", () => {
  // Source of the rows: the order in which ldconfig of glibc 2.36 on x86-64 wrote such names.
  test.each([
    ["libx.so.10", "libx.so.9", "numbers compare as numbers"],
    ["lib1a.so.1", "lib01.so.1", "a number is followed by what follows"],
    ["lib01.so.1", "lib~.so.1", "digits are greater than other characters"],
    ["libt.so.1", "libb.so.1", "characters compare as bytes"],
    ["libb.so.1", "libT.so.1", "small letters are greater than capitals"],
    ["libx.so.1", "libx.so", "what goes on is greater"],
    ["libb.so.2147483648", "libb.so.99999999999", "numbers wrap at 32 bits"],
    ["lib+b.so.1", "libé.so.1", "bytes beyond ASCII are negative"],
  ])("%s comes before %s: %s", (greater, lesser) => {
    expect(compareNames(greater, lesser)).toBeGreaterThan(0)
    expect(compareNames(lesser, greater)).toBeLessThan(0)
  })

  test("leading zeros make no difference", () => {
    expect(compareNames("lib01.so.1", "lib1.so.001")).toBe(0)
  })

  test("it is an order: what precedes both ways is equal, and it is transitive", () => {
    fc.assert(
      fc.property(name, name, name, (one, other, third) => {
        expect(Math.sign(compareNames(one, other))).toBe(-Math.sign(compareNames(other, one)) + 0)
        if (compareNames(one, other) >= 0 && compareNames(other, third) >= 0)
          expect(compareNames(one, third)).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: propertyRuns(3000) },
    )
  })
})
