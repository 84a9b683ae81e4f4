/** Caches to try: names that repeat, that compare as equal though they differ, that begin with digits or share their ends. */

import fc from "fast-check"
import { hwcapExtensionBit, type Ldcache, type LdcacheEntry } from "../../../src/core/ldcache/ldcache.ts"

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
