/**
 * The cache's area of strings: a text that another ends with (`libx.so.1` of `/usr/lib/libx.so.1`) is not written again.
 * Source: observed on ldconfig of glibc 2.36. The order is that of the texts read backwards, greater ones first.
 */

import { decodeLatin1 } from "../text/utf8.ts"
import { nameBytes } from "./compare-names.ts"

export interface SharedTexts {
  /** Each text with a zero behind it. */
  readonly bytes: Uint8Array
  /** From the beginning of the bytes. */
  offsetOf(text: string): number
}

/** Order: of the arguments does not matter. */
export function shareTails(texts: Iterable<string>): SharedTexts {
  const sorted = [...new Set(texts)]
    .map((text) => {
      const bytes = nameBytes(text)
      return { text, bytes, backwards: decodeLatin1(bytes.toReversed()) }
    })
    .sort((one, other) => (one.backwards < other.backwards ? 1 : -1))
  const offsets = new Map<string, number>()
  const written: Uint8Array[] = []
  let end = 0
  let previous = ""
  for (const { text, bytes, backwards } of sorted) {
    if (!previous.startsWith(backwards) || previous === "") {
      written.push(bytes)
      end += bytes.length + 1
      previous = backwards
    }
    offsets.set(text, end - 1 - bytes.length)
  }
  const joined = new Uint8Array(end)
  let at = 0
  for (const bytes of written) {
    joined.set(bytes, at)
    at += bytes.length + 1
  }
  return { bytes: joined, offsetOf: (text) => offsets.get(text) ?? 0 }
}
