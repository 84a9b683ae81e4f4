/** Reads a loader cache, bounds checked. An old-format header in front is skipped, as the loader skips it. Source: see ldcache.ts. */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { decodeLatin1, decodeUtf8 } from "../text/utf8.ts"
import {
  entryBytes,
  entryLimit,
  extensionMagic,
  headerBytes,
  hwcapNamesTag,
  type Ldcache,
  type LdcacheEntry,
  type LdcacheExtension,
  magic,
  oldMagic,
  sizeLimit,
  textLimit,
  textTotalLimit,
} from "./ldcache.ts"

const extensionLimit = 100

/** Where the parts lie, from the beginning of `bytes`, which is that of the format we read. Units: bytes, but `count`. */
export interface LdcacheLayout {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly count: number
  readonly extensions: readonly LdcacheExtension[]
}

/** Header and extensions; entries are only known to be there. Faults: LdcacheInvalid. */
export function parseLdcacheLayout(file: Uint8Array): Result<LdcacheLayout> {
  if (file.length > sizeLimit) return wrong("larger than any machine's")
  const start = startOf(file)
  if (start === undefined) return wrong("the old header is cut off")
  const bytes = file.subarray(start)
  const view = viewOf(bytes)
  if (!startsWith(bytes, magic) || bytes.length < headerBytes) return wrong("unsupported file format")
  const byteOrder = (bytes[28] ?? 0) & 3
  if (byteOrder !== 0 && byteOrder !== 2) return wrong("written for another byte order")
  const count = view.getUint32(20, true)
  if (count > entryLimit) return wrong("more entries than any machine has")
  if (headerBytes + count * entryBytes > bytes.length) return wrong("the entries are cut off")
  const extensions = parseExtensions(file, view.getUint32(32, true))
  return extensions === undefined
    ? wrong("the extension section lies outside")
    : ok({ bytes, view, count, extensions })
}

/** Faults: LdcacheInvalid. */
export function parseLdcache(file: Uint8Array): Result<Ldcache> {
  const layout = parseLdcacheLayout(file)
  if (!layout.ok) return layout
  const { bytes, view, count } = layout.value
  const texts = createTexts(bytes)
  const wrongText = (problem: string): Result<never> =>
    wrong(texts.isSpent() ? "more text than any machine has" : problem)
  const entries: LdcacheEntry[] = []
  for (let index = 0; index < count; index++) {
    const at = headerBytes + index * entryBytes
    const soname = texts.at(view.getUint32(at + 4, true))
    const path = texts.at(view.getUint32(at + 8, true))
    if (soname === undefined || path === undefined) return wrongText("a name lies outside")
    entries.push({ ...numbersOf(view, index), soname, path })
  }
  const hwcapNames: string[] = []
  for (const offset of hwcapNameOffsets(layout.value.extensions)) {
    const name = texts.at(offset)
    if (name === undefined) return wrongText("a name of a hardware capability lies outside")
    hwcapNames.push(name)
  }
  return ok({
    entries,
    hwcapNames,
    extensions: layout.value.extensions.filter(({ tag }) => tag !== hwcapNamesTag),
  })
}

/** What of an entry is no text. */
export function numbersOf(view: DataView, index: number): Omit<LdcacheEntry, "soname" | "path"> {
  const at = headerBytes + index * entryBytes
  return {
    flags: view.getInt32(at, true),
    osVersion: view.getUint32(at + 12, true),
    hwcap: view.getBigUint64(at + 16, true),
  }
}

export function hwcapNameOffsets(extensions: readonly LdcacheExtension[]): readonly number[] {
  return extensions.flatMap(({ tag, content }) => {
    if (tag !== hwcapNamesTag) return []
    const view = viewOf(content)
    return Array.from({ length: Math.floor(content.length / 4) }, (_, index) =>
      view.getUint32(index * 4, true),
    )
  })
}

const wrong = (problem: string): Result<never> => fail(fault("LdcacheInvalid", { problem }))

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Behind an old-format cache, on the next multiple of 8. undefined: its header is cut off. */
function startOf(file: Uint8Array): number | undefined {
  if (!startsWith(file, oldMagic)) return 0
  return file.length < 16 ? undefined : Math.ceil((16 + viewOf(file).getUint32(12, true) * 12) / 8) * 8
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[index] !== text.charCodeAt(index)) return false
  return true
}

/** Unlike names, extensions are counted from the beginning of the file, an old-format header included. */
function parseExtensions(bytes: Uint8Array, at: number): readonly LdcacheExtension[] | undefined {
  if (at === 0) return []
  const view = viewOf(bytes)
  if (at + 8 > bytes.length || view.getUint32(at, true) !== extensionMagic) return undefined
  const count = view.getUint32(at + 4, true)
  if (count > extensionLimit || at + 8 + count * 16 > bytes.length) return undefined
  const extensions: LdcacheExtension[] = []
  let total = 0
  for (let index = 0; index < count; index++) {
    const place = at + 8 + index * 16
    const content = view.getUint32(place + 8, true)
    const size = view.getUint32(place + 12, true)
    total += size
    // Many that share one content would make much of little.
    if (content + size > bytes.length || total > bytes.length) return undefined
    extensions.push({
      tag: view.getUint32(place, true),
      flags: view.getUint32(place + 4, true),
      content: bytes.slice(content, content + size),
    })
  }
  return extensions
}

const ascii = /^[\0-\x7f]*$/

interface Texts {
  /** undefined: it lies outside, is too long, or is one too many. */
  at(offset: number): string | undefined
  /** True: more was asked for than is given. */
  isSpent(): boolean
}

/** All bytes are decoded once: names are then cut out by native code, thousands of them on a grown machine. */
function createTexts(bytes: Uint8Array): Texts {
  const all = decodeLatin1(bytes)
  let left = textTotalLimit
  return {
    at(offset) {
      const end = offset < all.length ? all.indexOf("\0", offset) : -1
      if (end === -1 || end - offset > textLimit) return undefined
      // The zero counts too: a billion empty names are not for nothing.
      left -= end - offset + 1
      if (left < 0) return undefined
      const text = all.slice(offset, end)
      return ascii.test(text) ? text : decodeUtf8(bytes.subarray(offset, end))
    },
    isSpent: () => left < 0,
  }
}
