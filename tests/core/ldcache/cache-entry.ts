/** Caches to try: names that repeat, that compare as equal though they differ, that begin with digits or share their ends. */

import fc from "fast-check"
import {
  entryBytes,
  headerBytes,
  hwcapExtensionBit,
  type Ldcache,
  type LdcacheEntry,
} from "../../../src/core/ldcache/ldcache.ts"

const stem = fc.constantFrom(
  "libx",
  "libx1",
  "libx01",
  "libx10",
  "lib",
  "1",
  "0libx",
  "x",
  "libé",
  "a/libx",
  "libxa",
  "libx-",
)
const soname = fc
  .tuple(stem, fc.constantFrom(".so", ".so.1", ".so.01", ".so.2", ".so.10", ""))
  .map(([a, b]) => `${a}${b}`)
const directory = fc.constantFrom("/usr/lib/", "/opt/1", "/", "")

const hwcapNames: readonly string[] = ["x86-64-v2", "x86-64-v3"]

export const cacheEntry: fc.Arbitrary<LdcacheEntry> = fc
  .tuple(
    soname,
    directory,
    fc.constantFrom(0x303, 3, 1, 0x803),
    fc.constantFrom(0, 0, 0, 0x30200),
    fc.constantFrom(
      0n,
      0n,
      hwcapExtensionBit,
      hwcapExtensionBit | 1n,
      hwcapExtensionBit | (2n << 32n) | 1n,
      1n << 63n,
      5n,
    ),
  )
  .map(([name, place, flags, osVersion, hwcap]) => ({
    soname: name,
    path: `${place}${name}`,
    flags,
    osVersion,
    hwcap,
  }))

export const cache: fc.Arbitrary<Ldcache> = fc.record({
  entries: fc.array(cacheEntry, { maxLength: 40 }),
  hwcapNames: fc.constant(hwcapNames),
  extensions: fc.constantFrom([], [{ tag: 0, flags: 0, content: new TextEncoder().encode("made by hand") }]),
})

interface SharedText {
  readonly entries: number
  readonly textLength: number
  /** Where in the text an entry's name begins; its path is the whole. */
  nameAt(index: number): number
}

/** A cache whose entries all lie in one text, which no ldconfig writes. `made`: any other, for its header. */
export function cacheOfOneText(made: Uint8Array, { entries, textLength, nameAt }: SharedText): Uint8Array {
  const textAt = headerBytes + entries * entryBytes
  const bytes = new Uint8Array(textAt + textLength + 1).fill(0x61, textAt, -1)
  bytes.set(made.subarray(0, headerBytes))
  const view = new DataView(bytes.buffer)
  view.setUint32(20, entries, true)
  view.setUint32(24, textLength + 1, true)
  view.setUint32(32, 0, true)
  for (let index = 0; index < entries; index++) {
    const at = headerBytes + index * entryBytes
    view.setUint32(at + 4, textAt + nameAt(index), true)
    view.setUint32(at + 8, textAt, true)
  }
  return bytes
}
