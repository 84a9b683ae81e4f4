/** Writes a loader cache, and merges entries into one without looking at a single library. Source: see ldcache.ts. */

import type { Result } from "../fault/result.ts"
import { ok } from "../fault/result.ts"
import {
  compareNames,
  entryBytes,
  extensionMagic,
  headerBytes,
  hwcapExtensionBit,
  hwcapNamesTag,
  type Ldcache,
  type LdcacheEntry,
  type LdcacheExtension,
  magic,
} from "./ldcache.ts"
import { parseLdcache } from "./parse-ldcache.ts"

/**
 * The loader's order: greater names first, then greater flags; entries of glibc-hwcaps subdirectories before others, because the
 * loader stops at the first other one, and among themselves by their number; then greater capabilities and system versions.
 */
function compareEntries(one: LdcacheEntry, other: LdcacheEntry): number {
  const names = compareNames(other.soname, one.soname)
  if (names !== 0) return names
  if (one.flags !== other.flags) return other.flags - one.flags
  if (one.hwcap !== other.hwcap) {
    const isNumbered = (one.hwcap & hwcapExtensionBit) !== 0n && (other.hwcap & hwcapExtensionBit) !== 0n
    return one.hwcap < other.hwcap === isNumbered ? -1 : 1
  }
  return other.osVersion - one.osVersion
}

/** Entries are sorted here, stably, as the loader's binary search demands. */
export function renderLdcache({ entries, hwcapNames, extensions }: Ldcache): Uint8Array {
  const sorted = [...entries].sort(compareEntries)
  const texts = new Map<string, number>()
  const textStart = headerBytes + sorted.length * entryBytes
  let textEnd = textStart
  const place = (text: string): void => {
    if (texts.has(text)) return
    texts.set(text, textEnd)
    textEnd += text.length + 1
  }
  for (const { soname, path } of sorted) {
    place(soname)
    place(path)
  }
  for (const name of hwcapNames) place(name)

  // The names of hardware capabilities come first: theirs is the one content that must be aligned.
  const sections = hwcapNames.length === 0 ? extensions : [hwcapSection(hwcapNames, texts), ...extensions]
  const extensionAt = sections.length === 0 ? 0 : Math.ceil(textEnd / 4) * 4
  const contentAt = extensionAt + 8 + sections.length * 16
  const contentBytes = sections.reduce((sum, { content }) => sum + content.length, 0)
  const bytes = new Uint8Array(sections.length === 0 ? textEnd : contentAt + contentBytes)
  const view = new DataView(bytes.buffer)
  writeText(bytes, 0, magic)
  view.setUint32(20, sorted.length, true)
  view.setUint32(24, textEnd - textStart, true)
  bytes[28] = 2 // little-endian
  view.setUint32(32, extensionAt, true)
  for (const [index, entry] of sorted.entries()) {
    const at = headerBytes + index * entryBytes
    view.setInt32(at, entry.flags, true)
    view.setUint32(at + 4, texts.get(entry.soname) ?? 0, true)
    view.setUint32(at + 8, texts.get(entry.path) ?? 0, true)
    view.setUint32(at + 12, entry.osVersion, true)
    view.setBigUint64(at + 16, entry.hwcap, true)
  }
  for (const [text, at] of texts) writeText(bytes, at, text)
  if (sections.length > 0) {
    view.setUint32(extensionAt, extensionMagic, true)
    view.setUint32(extensionAt + 4, sections.length, true)
    let at = contentAt
    for (const [index, { tag, flags, content }] of sections.entries()) {
      for (const [slot, value] of [tag, flags, at, content.length].entries())
        view.setUint32(extensionAt + 8 + index * 16 + slot * 4, value, true)
      bytes.set(content, at)
      at += content.length
    }
  }
  return bytes
}

/** Offsets of the names, in the order of their numbers. */
function hwcapSection(names: readonly string[], texts: ReadonlyMap<string, number>): LdcacheExtension {
  const content = new Uint8Array(names.length * 4)
  const view = new DataView(content.buffer)
  for (const [index, name] of names.entries()) view.setUint32(index * 4, texts.get(name) ?? 0, true)
  return { tag: hwcapNamesTag, flags: 0, content }
}

/**
 * The image's cache with our entries in it: an entry of the same name and kind is replaced, all else stays.
 * A cache that is absent or unreadable counts as empty: the loader ignores it too. Faults: none.
 */
export function mergeLdcache(
  existing: Uint8Array | undefined,
  added: readonly LdcacheEntry[],
): Result<Uint8Array> {
  const parsed = existing === undefined ? undefined : parseLdcache(existing)
  const old: Ldcache = parsed?.ok === true ? parsed.value : { entries: [], hwcapNames: [], extensions: [] }
  const key = ({ soname, flags, hwcap }: LdcacheEntry): string => `${flags}:${hwcap}:${soname}`
  const replaced = new Set(added.map(key))
  const kept = old.entries.filter((entry) => !replaced.has(key(entry)))
  return ok(renderLdcache({ ...old, entries: [...kept, ...added] }))
}

function writeText(bytes: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index)
}
