import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { shareTails } from "../../../src/core/ldcache/share-tails.ts"

const text = fc.stringMatching(/^[ab/]{1,6}$/)

describe("strings that share their tails", () => {
  test("every text stands where it is said to stand, and ends there", () => {
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const shared = shareTails(texts)
        for (const one of texts) {
          const at = shared.offsetOf(one)
          expect(new TextDecoder().decode(shared.bytes.subarray(at, at + one.length + 1))).toBe(`${one}\0`)
        }
      }),
    )
  })

  test("what another ends with is not written again", () => {
    const { bytes } = shareTails(["liba.so", "/usr/lib/liba.so", "a.so"])
    expect(new TextDecoder().decode(bytes)).toBe("/usr/lib/liba.so\0")
  })

  test("order of writing: read backwards, the greater first", () => {
    const { bytes } = shareTails(["ab", "ba", "/x", "é"])
    expect(new TextDecoder().decode(bytes)).toBe("é\0/x\0ab\0ba\0")
  })
})
