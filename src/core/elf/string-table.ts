/**
 * Names out of a string table that may be megabytes: it holds every symbol of the library. Names that lie near each other are read
 * at once, because every read may be a file opened and closed.
 */

import { decodeUtf8 } from "../text/utf8.ts"
import { dynamicTag } from "./elf.ts"
import { type ElfLayout, offsetOf, tagValue } from "./elf-layout.ts"

/** Units: bytes. */
const nameLimit = 256
const spanLimit = 16 * 1024

/** undefined: the name lies outside, has no end, or was not among those asked for. */
export type NameAt = (offset: number) => string | undefined

/** undefined: the file has no string table. Offsets beyond it are known to nobody. */
export function readNames(layout: ElfLayout, offsets: readonly number[]): NameAt | undefined {
  const start = offsetOf(layout, tagValue(layout, dynamicTag.stringTable))
  if (start === undefined) return undefined
  const length = tagValue(layout, dynamicTag.stringSize) ?? 0
  const names = new Map<number, string | undefined>()
  const wanted = [...new Set(offsets)].filter((offset) => offset < length).sort((one, other) => one - other)
  for (let first = 0; first < wanted.length; ) {
    const from = wanted[first] ?? 0
    let last = first
    while ((wanted[last + 1] ?? Number.POSITIVE_INFINITY) - from + nameLimit <= spanLimit) last++
    const size = (wanted[last] ?? 0) - from + nameLimit
    const nameIn = readTogether(layout.read(start + from, Math.min(size, length - from)))
    for (; first <= last; first++) {
      const at = (wanted[first] ?? 0) - from
      names.set(at + from, nameIn(at))
    }
  }
  return (offset) => names.get(offset)
}

/** The name at an offset. Names are ASCII, and then all become text at once: it has as many characters as bytes. */
function readTogether(bytes: Uint8Array): NameAt {
  const text = decodeUtf8(bytes)
  if (text.length !== bytes.length) return (at) => textOf(bytes.subarray(at, at + nameLimit))
  return (at) => {
    const end = text.indexOf("\0", at)
    return end === -1 || end - at >= nameLimit ? undefined : text.slice(at, end)
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0)
  return end === -1 ? undefined : decodeUtf8(bytes.subarray(0, end))
}
