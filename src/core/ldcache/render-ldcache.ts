/**
 * Writes a loader cache as ldconfig writes it: entries in the loader's order, strings that share their tails, extensions.
 * Source: see ldcache.ts; bytes observed on ldconfig of glibc 2.36.
 *   header, entries, strings; then, on the next multiple of 4, the directory of extensions and their contents
 *   contents: the names of hardware capabilities first, the one content that must be aligned; the others as they come
 */

import { ok, type Result } from "../fault/result.ts"
import { compareKinds } from "./compare-kinds.ts"
import { compareNameBytes, nameBytes } from "./compare-names.ts"
import { entryBytes, headerBytes, type Ldcache, type LdcacheEntry } from "./ldcache.ts"
import { renderExtensions, writeHeader } from "./ldcache-frame.ts"
import { parseLdcache } from "./parse-ldcache.ts"
import { shareTails } from "./share-tails.ts"
import { spliceLdcache } from "./splice-ldcache.ts"

/**
 * Entries are sorted here, stably, as the loader's binary search demands. `idleTexts` are written for nobody, as ldconfig does with
 * names of empty subdirectories.
 */
export function renderLdcache(
  { entries, hwcapNames, extensions }: Ldcache,
  idleTexts: readonly string[] = [],
): Uint8Array {
  const sorted = entries
    .map((entry) => ({ entry, name: nameBytes(entry.soname) }))
    .sort(
      (one, other) => compareNameBytes(other.name, 0, one.name, 0) || compareKinds(one.entry, other.entry),
    )
    .map(({ entry }) => entry)
  const texts = shareTails([
    ...sorted.flatMap(({ soname, path }) => [soname, path]),
    ...hwcapNames,
    ...idleTexts,
  ])
  const textsAt = headerBytes + sorted.length * entryBytes
  const offsetOf = (text: string): number => textsAt + texts.offsetOf(text)
  const tail = renderExtensions(textsAt + texts.bytes.length, hwcapNames.map(offsetOf), extensions)
  const bytes = new Uint8Array(tail.at + tail.bytes.length)
  const view = viewOf(bytes)
  writeHeader(bytes, {
    entries: sorted.length,
    texts: texts.bytes.length,
    extensionsAt: tail.bytes.length > 0 ? tail.at : 0,
  })
  for (const [index, entry] of sorted.entries()) {
    const at = headerBytes + index * entryBytes
    view.setInt32(at, entry.flags, true)
    view.setUint32(at + 4, offsetOf(entry.soname), true)
    view.setUint32(at + 8, offsetOf(entry.path), true)
    view.setUint32(at + 12, entry.osVersion, true)
    view.setBigUint64(at + 16, entry.hwcap, true)
  }
  bytes.set(texts.bytes, textsAt)
  bytes.set(tail.bytes, tail.at)
  return bytes
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * The image's cache with our entries in it: an entry of the same name and kind is replaced, all else stays.
 * A cache that is absent or unreadable counts as empty: the loader ignores it too. Faults: none.
 */
export function mergeLdcache(
  existing: Uint8Array | undefined,
  added: readonly LdcacheEntry[],
): Result<Uint8Array> {
  const spliced = existing === undefined ? undefined : spliceLdcache(existing, added)
  return ok(spliced ?? mergeByRendering(existing, added))
}

/** The long way: every entry becomes an object and is sorted, whatever order the cache was in. */
export function mergeByRendering(
  existing: Uint8Array | undefined,
  added: readonly LdcacheEntry[],
): Uint8Array {
  const parsed = existing === undefined ? undefined : parseLdcache(existing)
  const old: Ldcache = parsed?.ok === true ? parsed.value : { entries: [], hwcapNames: [], extensions: [] }
  const key = ({ soname, flags, hwcap }: LdcacheEntry): string => `${flags}:${hwcap}:${soname}`
  const replaced = new Set(added.map(key))
  const kept = old.entries.filter((entry) => !replaced.has(key(entry)))
  return renderLdcache({ ...old, entries: [...kept, ...added] })
}
