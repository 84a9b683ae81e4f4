import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  entryBytes,
  headerBytes,
  type Ldcache,
  type LdcacheEntry,
} from "../../../src/core/ldcache/ldcache.ts"
import { parseLdcache } from "../../../src/core/ldcache/parse-ldcache.ts"
import { mergeByRendering, mergeLdcache, renderLdcache } from "../../../src/core/ldcache/render-ldcache.ts"
import { spliceLdcache } from "../../../src/core/ldcache/splice-ldcache.ts"
import { propertyRuns } from "../../property-runs.ts"
import { cache, cacheEntry, cacheOfOneText } from "./cache-entry.ts"

const read = (bytes: Uint8Array | undefined): Ldcache => {
  const parsed = bytes === undefined ? undefined : parseLdcache(bytes)
  if (parsed?.ok !== true) throw new Error(JSON.stringify(parsed))
  return parsed.value
}
const plain = (soname: string, path = `/usr/lib/${soname}`): LdcacheEntry => ({
  soname,
  path,
  flags: 0x303,
  osVersion: 0,
  hwcap: 0n,
})
const few = renderLdcache({
  entries: ["liba.so.1", "libb.so.1", "libc.so.6"].map((name) => plain(name)),
  hwcapNames: [],
  extensions: [],
})

/** The cache with two of its entries in each other's place. */
function swapped(bytes: Uint8Array, one: number, other: number): Uint8Array {
  const entry = (index: number): Uint8Array =>
    bytes.slice(headerBytes + index * entryBytes, headerBytes + (index + 1) * entryBytes)
  const copy = bytes.slice()
  copy.set(entry(one), headerBytes + other * entryBytes)
  copy.set(entry(other), headerBytes + one * entryBytes)
  return copy
}

/** The cache with one of its words replaced. */
function withWord(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice()
  new DataView(copy.buffer).setUint32(at, value, true)
  return copy
}

describe("splicing a cache", () => {
  test("gives what rendering old minus replaced plus added gives: entries, order, names and extensions", () => {
    fc.assert(
      fc.property(cache, fc.array(cacheEntry, { maxLength: 8 }), (old, added) => {
        const bytes = renderLdcache(old)
        expect(read(spliceLdcache(bytes, added))).toEqual(read(mergeByRendering(bytes, added)))
      }),
      { numRuns: propertyRuns(2000) },
    )
  })

  test("done twice it changes no byte: a container that is started again keeps its cache", () => {
    fc.assert(
      fc.property(cache, fc.array(cacheEntry, { maxLength: 8 }), (old, added) => {
        const once = spliceLdcache(renderLdcache(old), added)
        expect(spliceLdcache(once ?? new Uint8Array(), added)).toEqual(once as Uint8Array)
      }),
    )
  })

  test("with nothing to add, what ldconfig would write stays byte for byte", () => {
    fc.assert(
      fc.property(cache, (old) => {
        const bytes = renderLdcache(old)
        expect(spliceLdcache(bytes, [])).toEqual(bytes)
      }),
    )
  })

  test.each([
    ["unsorted", swapped(few, 0, 2)],
    ["unsorted in its kinds", renderOutOfOrder()],
    ["a name before the strings", withWord(few, headerBytes + 4, 8)],
    ["a path behind the strings", withWord(few, headerBytes + 8, few.length)],
    ["strings longer than the file", withWord(few, 24, 0x7fffffff)],
    ["strings that do not end", few.slice(0, -1)],
    ["more entries than bytes", withWord(few, 20, 1000)],
    ["a billion entries", withWord(few, 20, 1e9)],
    ["extensions beyond the end", withWord(few, 32, 0x7fffffff)],
    ["no cache", new TextEncoder().encode("x".repeat(200))],
    ["nothing", new Uint8Array()],
  ])("a cache that is malformed is not touched: %s", (_, bytes) => {
    expect(spliceLdcache(bytes, [plain("libd.so.1")])).toBeUndefined()
    const merged = mergeLdcache(bytes, [plain("libd.so.1")])
    expect(read(merged.ok ? merged.value : undefined).entries).toContainEqual(plain("libd.so.1"))
  })

  /** One name twice, the lesser kind first. */
  function renderOutOfOrder(): Uint8Array {
    const entries = [plain("liba.so.1"), { ...plain("liba.so.1"), flags: 3 }]
    return swapped(renderLdcache({ entries, hwcapNames: [], extensions: [] }), 0, 1)
  }

  test("an unsorted cache is sorted on the way, and nothing in it is lost", () => {
    const merged = mergeLdcache(swapped(few, 0, 2), [plain("libd.so.1")])
    expect(read(merged.ok ? merged.value : undefined).entries.map(({ soname }) => soname)).toEqual([
      "libd.so.1",
      "libc.so.6",
      "libb.so.1",
      "liba.so.1",
    ])
  })

  test("a cache made to be slow is given up: one name ten thousand times", () => {
    const entries = Array.from({ length: 10_000 }, (_, index) => ({
      ...plain("liba.so.1"),
      osVersion: index,
    }))
    expect(
      spliceLdcache(renderLdcache({ entries, hwcapNames: [], extensions: [] }), [plain("liba.so.1")]),
    ).toBeUndefined()
  })

  test("a cache made to be slow is given up: every name a long one, each within the other", () => {
    const sizes = { entries: 100_000, textLength: 8_000_000 }
    const bytes = cacheOfOneText(few, { ...sizes, nameAt: (index) => index })
    expect(spliceLdcache(bytes, [plain("liba.so.1")])).toBeUndefined()
    const merged = mergeLdcache(bytes, [plain("liba.so.1")])
    expect(read(merged.ok ? merged.value : undefined).entries).toEqual([plain("liba.so.1")])
  })

  test("a cache made to be slow is given up: a hundred thousand names of one long text, in order", () => {
    const [entries, textLength] = [100_000, 4000]
    const nameAt = (index: number): number => Math.floor((index * textLength) / entries)
    const bytes = cacheOfOneText(few, { entries, textLength, nameAt })
    expect(spliceLdcache(bytes, [plain("liba.so.1")])).toBeUndefined()
    const merged = mergeLdcache(bytes, [plain("liba.so.1")])
    expect(read(merged.ok ? merged.value : undefined).entries).toEqual([plain("liba.so.1")])
  })
})
