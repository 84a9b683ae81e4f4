import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  headerBytes,
  type LdcacheEntry,
  textLimit,
  textTotalLimit,
} from "../../../src/core/ldcache/ldcache.ts"
import { parseLdcache } from "../../../src/core/ldcache/parse-ldcache.ts"
import { renderLdcache } from "../../../src/core/ldcache/render-ldcache.ts"
import { cache, cacheOfOneText } from "./cache-entry.ts"

const entry: LdcacheEntry = {
  soname: "liba.so.1",
  path: "/usr/lib/liba.so.1",
  flags: 0x303,
  osVersion: 0,
  hwcap: 1n << 62n,
}
const whole = renderLdcache({
  entries: [entry],
  hwcapNames: ["x86-64-v3"],
  extensions: [{ tag: 0, flags: 0, content: new TextEncoder().encode("made by hand") }],
})
const extensionsAt = new DataView(whole.buffer).getUint32(32, true)

function withWord(at: number, value: number, bytes: Uint8Array = whole): Uint8Array {
  const copy = bytes.slice()
  new DataView(copy.buffer).setUint32(at, value, true)
  return copy
}

/** The same cache behind an old-format one of so many entries. Extensions count from the beginning of the file. */
function behindOldFormat(entries: number): Uint8Array {
  const start = Math.ceil((16 + entries * 12) / 8) * 8
  const bytes = new Uint8Array(start + whole.length)
  bytes.set(new TextEncoder().encode("ld.so-1.7.0"))
  bytes.set(whole, start)
  const view = new DataView(bytes.buffer)
  view.setUint32(12, entries, true)
  for (const at of [32, extensionsAt + 16, extensionsAt + 32])
    view.setUint32(start + at, view.getUint32(start + at, true) + start, true)
  return bytes
}

/** So many entries whose name and path are one text, as long as one may be. */
const sharing = (entries: number): Uint8Array =>
  cacheOfOneText(whole, { entries, textLength: textLimit, nameAt: () => 0 })

/** No entry, and so many names of capabilities, which are one text. */
function capabilitiesSharing(count: number): Uint8Array {
  const name = "a".repeat(textLimit)
  const bytes = renderLdcache({ entries: [], hwcapNames: Array(count).fill(name), extensions: [] })
  expect(new DataView(bytes.buffer).getUint32(20, true)).toBe(0)
  return bytes
}

describe("reading a cache", () => {
  test("what is written is read back, but for its order", () => {
    fc.assert(
      fc.property(cache, (shape) => {
        const read = parseLdcache(renderLdcache(shape))
        if (!read.ok) throw new Error(JSON.stringify(read.fault.data))
        expect({ ...read.value, entries: new Set(read.value.entries) }).toEqual({
          ...shape,
          entries: new Set(shape.entries),
        })
        expect(read.value.entries.length).toBe(shape.entries.length)
      }),
    )
  })

  test.each([0, 1, 2, 7])("an old-format cache of %d entries in front is skipped", (entries) => {
    expect(parseLdcache(behindOldFormat(entries))).toEqual(parseLdcache(whole))
  })

  test.each([
    ["nothing", new Uint8Array(), "unsupported file format"],
    ["another format", withWord(0, 0), "unsupported file format"],
    ["a header cut off", whole.subarray(0, headerBytes - 1), "unsupported file format"],
    ["an old header cut off", behindOldFormat(1).subarray(0, 14), "the old header is cut off"],
    ["an old header that skips everything", withWord(12, 1e9, behindOldFormat(1)), "unsupported file format"],
    ["the byte order of other machines", withWord(28, 3), "written for another byte order"],
    ["a billion entries", withWord(20, 1e9), "more entries than any machine has"],
    ["a table cut off", withWord(20, 90_000), "the entries are cut off"],
    ["a name at the end of the world", withWord(headerBytes + 4, 0xffffffff), "a name lies outside"],
    ["a path at the end of the world", withWord(headerBytes + 8, 0xfffffff0), "a name lies outside"],
    ["a name without an end", withWord(headerBytes + 4, whole.length - 3), "a name lies outside"],
    ["extensions at the end of the world", withWord(32, 0xffffffff), "the extension section lies outside"],
    ["extensions that are none", withWord(32, 48), "the extension section lies outside"],
    ["a billion extensions", withWord(extensionsAt + 4, 1e9), "the extension section lies outside"],
    [
      "an extension larger than the file",
      withWord(extensionsAt + 8 + 12, 0x7fffffff),
      "the extension section lies outside",
    ],
    [
      "the name of a capability nowhere",
      withWord(extensionsAt + 40, 0xffff0000),
      "a name of a hardware capability lies outside",
    ],
  ])("%s is refused with its reason", (_, bytes, problem) => {
    expect(parseLdcache(bytes)).toMatchObject({
      ok: false,
      fault: { tag: "LdcacheInvalid", data: { problem } },
    })
  })

  test("many extensions that share one content do not make much of little", () => {
    const extensions = Array.from({ length: 90 }, () => ({ tag: 7, flags: 0, content: new Uint8Array() }))
    const bytes = renderLdcache({ entries: [], hwcapNames: [], extensions })
    const view = new DataView(bytes.buffer)
    for (let index = 0; index < 90; index++) {
      view.setUint32(headerBytes + 8 + index * 16 + 8, 0, true)
      view.setUint32(headerBytes + 8 + index * 16 + 12, bytes.length, true)
    }
    expect(parseLdcache(bytes).ok).toBe(false)
  })

  test("entries that share one text do not make much of little: all they say together is bounded", () => {
    const fitting = textTotalLimit / (2 * (textLimit + 1))
    expect(parseLdcache(sharing(Math.floor(fitting))).ok).toBe(true)
    const problem = "more text than any machine has"
    for (const bytes of [sharing(Math.ceil(fitting)), sharing(100_000), capabilitiesSharing(100_000)])
      expect(parseLdcache(bytes)).toMatchObject({
        ok: false,
        fault: { tag: "LdcacheInvalid", data: { problem } },
      })
  })

  test("cut off anywhere or with any byte changed, it gives a result, never a throw", () => {
    for (let length = 0; length < whole.length; length++)
      expect(typeof parseLdcache(whole.subarray(0, length)).ok).toBe("boolean")
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = whole.slice()
        changed[at] = byte
        return typeof parseLdcache(changed).ok === "boolean"
      }),
    )
  })
})
