/** Writes a loader cache, and merges entries into one without looking at a single library. Source: see ldcache.ts. */

import type { Result } from "../fault/result.ts"
import { ok } from "../fault/result.ts"
import {
  compareNames,
  entryBytes,
  extensionMagic,
  headerBytes,
  type Ldcache,
  type LdcacheEntry,
  magic,
} from "./ldcache.ts"
import { parseLdcache } from "./parse-ldcache.ts"

/** The loader's order: greater names first; then greater flags, hardware capabilities and system versions first. */
function compareEntries(one: LdcacheEntry, other: LdcacheEntry): number {
  const names = compareNames(other.soname, one.soname)
  if (names !== 0) return names
  if (one.flags !== other.flags) return other.flags - one.flags
  if (one.hwcap !== other.hwcap) return one.hwcap < other.hwcap ? 1 : -1
  return other.osVersion - one.osVersion
}

/** Entries are sorted here, stably, as the loader's binary search demands. */
export function renderLdcache({ entries, extensions }: Ldcache): Uint8Array {
  const sorted = [...entries].sort(compareEntries)
  const texts = new Map<string, number>()
  let textEnd = headerBytes + sorted.length * entryBytes
  const textStart = textEnd
  for (const { soname, path } of sorted)
    for (const text of [soname, path])
      if (!texts.has(text)) {
        texts.set(text, textEnd)
        textEnd += text.length + 1
      }
  const extensionAt = extensions.length === 0 ? 0 : Math.ceil(textEnd / 4) * 4
  const contentAt = extensionAt + 8 + extensions.length * 16
  const contentBytes = extensions.reduce((sum, { content }) => sum + content.length, 0)
  const bytes = new Uint8Array(extensions.length === 0 ? textEnd : contentAt + contentBytes)
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
  if (extensions.length > 0) {
    view.setUint32(extensionAt, extensionMagic, true)
    view.setUint32(extensionAt + 4, extensions.length, true)
    let at = contentAt
    for (const [index, { tag, flags, content }] of extensions.entries()) {
      for (const [slot, value] of [tag, flags, at, content.length].entries())
        view.setUint32(extensionAt + 8 + index * 16 + slot * 4, value, true)
      bytes.set(content, at)
      at += content.length
    }
  }
  return bytes
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
  const old: Ldcache = parsed?.ok === true ? parsed.value : { entries: [], extensions: [] }
  const key = ({ soname, flags, hwcap }: LdcacheEntry): string => `${flags}:${hwcap}:${soname}`
  const replaced = new Set(added.map(key))
  const kept = old.entries.filter((entry) => !replaced.has(key(entry)))
  return ok(renderLdcache({ entries: [...kept, ...added], extensions: old.extensions }))
}

function writeText(bytes: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index)
}
