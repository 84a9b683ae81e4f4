/** Bytes that are no UTF-8, and back: what we hand on must be what we were given. */

import { escapeControl } from "../../src/core/text/escape.ts"
import { decodeUtf8, encodeUtf8 } from "../../src/core/text/utf8.ts"
import { bytesOf } from "../corpus.ts"
import type { FuzzTarget } from "../target.ts"

export const utf8: FuzzTarget = {
  name: "utf8",
  weight: 10,
  seeds: () => [
    bytesOf("plain"),
    bytesOf("é€😀"),
    Uint8Array.of(0xff, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xc3),
  ],
  tokens: ["é", "€", "😀", "\u0085", "\u2028"],
  check(input) {
    const text = decodeUtf8(input)
    const again = encodeUtf8(text)
    if (again.length !== input.length || again.some((byte, index) => byte !== input[index]))
      return "bytes changed"
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be printed
    return /[\u0000-\u001f\u007f-\u009f]/.test(escapeControl(text))
      ? "a control character is printed"
      : undefined
  },
}
