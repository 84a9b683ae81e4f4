import { type Pointer, toArrayBuffer } from "bun:ffi"
import { expect, test } from "bun:test"
import fc from "fast-check"
import { decodeUtf8, encodeUtf8 } from "../../src/core/text/utf8.ts"
import { cString } from "../../src/linux/c-string.ts"
import { anyCharacter } from "../core/text/arbitrary-text.ts"

const bytesAt = (address: number, length: number): Uint8Array =>
  new Uint8Array(toArrayBuffer(address as Pointer, 0, length)).slice()

/** What the kernel may be given: words of any kind, bytes that are no UTF-8, and what is longer than it takes. */
const texts = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map(decodeUtf8),
  fc.constantFrom("a", "é", "€", "😀", "\udcff").map((unit) => unit.repeat(Math.floor(8192 / unit.length))),
)

test("a text's bytes stand there with their end, and stay while nine more are written", () => {
  fc.assert(
    fc.property(fc.array(texts, { minLength: 10, maxLength: 10 }), (ten) => {
      const addresses = ten.map(cString)
      for (const [index, text] of ten.entries()) {
        const bytes = encodeUtf8(text)
        expect(bytesAt(addresses[index] ?? 0, bytes.length + 1)).toEqual(Uint8Array.of(...bytes, 0))
      }
    }),
    { numRuns: 200 },
  )
})

test("what is longer than any path is cut", () => {
  expect(bytesAt(cString("a".repeat(10_000)), 8193)).toEqual(
    Uint8Array.of(...encodeUtf8("a".repeat(8192)), 0),
  )
})
