/**
 * Puts entries into a cache as it stands: the table is cut where they belong, strings are added behind the old ones, everything
 * else is moved as a whole. No entry of the cache becomes an object: a start of a container pays for this, in a fresh process.
 *   the cache must be what ldconfig writes: in order, its strings in one area that ends with a zero; else this is not the way
 *   an entry of the same name and kind goes, and its strings serve again when the path is the same: merging twice changes nothing
 *   the others' strings stay where they were, so that only offsets move, all by the same distance
 */

import { compareKinds } from "./compare-kinds.ts"
import { compareNameBytes, nameBytes } from "./compare-names.ts"
import { entryBytes, headerBytes, hwcapNamesTag, type LdcacheEntry } from "./ldcache.ts"
import { renderExtensions, writeHeader } from "./ldcache-frame.ts"
import { nameOffset, openTable, type Table } from "./ldcache-table.ts"
import { numbersOf } from "./parse-ldcache.ts"

interface Insertion {
  readonly entry: LdcacheEntry
  readonly name: Uint8Array
  readonly path: Uint8Array
}

/** undefined: the cache is malformed, unsorted or otherwise not as ldconfig writes it. */
export function spliceLdcache(existing: Uint8Array, added: readonly LdcacheEntry[]): Uint8Array | undefined {
  const table = openTable(existing)
  if (table === undefined) return undefined
  const { view, bytes, count } = table
  const insertions = added
    .map(prepare)
    .sort(
      (one, other) => compareNameBytes(other.name, 0, one.name, 0) || compareKinds(one.entry, other.entry),
    )
  const places: number[] = []
  const removed = new Set<number>()
  for (const insertion of insertions) {
    const first = lowerBound(table, insertion.name)
    let place = first
    for (let index = first; index < count; index++) {
      if (compareNameBytes(insertion.name, 0, bytes, nameOffset(table, index)) !== 0) break
      const kind = numbersOf(view, index)
      if (compareKinds(kind, insertion.entry) <= 0) place = index + 1
      if (
        kind.flags === insertion.entry.flags &&
        kind.hwcap === insertion.entry.hwcap &&
        isTextAt(bytes, nameOffset(table, index), insertion.name)
      )
        removed.add(index)
    }
    places.push(place)
  }
  return assemble(table, { insertions, places, removed })
}

/** The name is usually the end of the path, and then need not be encoded again. */
function prepare(entry: LdcacheEntry): Insertion {
  const path = nameBytes(entry.path)
  const isEnd = path.length === entry.path.length && entry.path.endsWith(entry.soname)
  return {
    entry,
    path,
    name: isEnd ? path.subarray(path.length - entry.soname.length) : nameBytes(entry.soname),
  }
}

interface Splice {
  readonly insertions: readonly Insertion[]
  /** Where each goes: before the old entry of this number. Order: ascending. */
  readonly places: readonly number[]
  readonly removed: ReadonlySet<number>
}

function assemble(table: Table, splice: Splice): Uint8Array {
  const { bytes, count, textsAt, textsEnd, hwcapNames } = table
  const { insertions, places, removed } = splice
  const entries = count - removed.size + insertions.length
  const distance = (entries - count) * entryBytes
  const texts = appendTexts(table, splice)
  const tail = renderExtensions(
    textsEnd + distance + texts.bytes.length,
    hwcapNames.map((offset) => offset + distance),
    table.extensions.filter(({ tag }) => tag !== hwcapNamesTag),
  )
  const merged = new Uint8Array(tail.at + tail.bytes.length)
  const view = new DataView(merged.buffer)
  const sizes = { entries, texts: textsEnd - textsAt + texts.bytes.length }
  writeHeader(merged, { ...sizes, extensionsAt: tail.bytes.length > 0 ? tail.at : 0 })

  let at = headerBytes
  // Numbers lie on multiples of four, and are those of a little-endian machine, as is everyone that has such a cache.
  const words = new Uint32Array(merged.buffer, 0, (headerBytes + entries * entryBytes) >>> 2)
  const copy = (from: number, to: number): void => {
    merged.set(bytes.subarray(headerBytes + from * entryBytes, headerBytes + to * entryBytes), at)
    const end = at + (to - from) * entryBytes
    for (let word = at >>> 2; word < end >>> 2; word += entryBytes >>> 2) {
      words[word + 1] = (words[word + 1] ?? 0) + distance
      words[word + 2] = (words[word + 2] ?? 0) + distance
    }
    at = end
  }
  const gone = [...removed].sort((one, other) => one - other)
  let from = 0
  for (let next = 0, last = 0; ; ) {
    const place = places[next] ?? count
    const hole = gone[last] ?? count
    copy(from, Math.min(place, hole))
    from = Math.min(place, hole)
    if (next < places.length && place <= hole) {
      writeEntry(view, at, insertions[next]?.entry, texts.offsets[next], distance)
      at += entryBytes
      next++
    } else if (last < gone.length) {
      from = hole + 1
      last++
    } else break
  }
  merged.set(bytes.subarray(textsAt, textsEnd), at)
  merged.set(texts.bytes, textsEnd + distance)
  merged.set(tail.bytes, tail.at)
  return merged
}

type TextOffsets = readonly [name: number, path: number]

function writeEntry(
  view: DataView,
  at: number,
  entry: LdcacheEntry | undefined,
  [name, path]: TextOffsets = [0, 0],
  distance: number,
): void {
  if (entry === undefined) return
  view.setInt32(at, entry.flags, true)
  view.setUint32(at + 4, name + distance, true)
  view.setUint32(at + 8, path + distance, true)
  view.setUint32(at + 12, entry.osVersion, true)
  view.setBigUint64(at + 16, entry.hwcap, true)
}

/** Offsets are those of the old file, as if its strings went on. */
function appendTexts(
  table: Table,
  { insertions, removed }: Splice,
): { readonly bytes: Uint8Array; readonly offsets: readonly TextOffsets[] } {
  const { bytes, view, textsEnd } = table
  const known: TextOffsets[] = [...removed].map((index) => [
    nameOffset(table, index),
    view.getUint32(headerBytes + index * entryBytes + 8, true),
  ])
  const parts: Uint8Array[] = []
  let end = textsEnd
  const append = (text: Uint8Array): number => {
    const at = end
    parts.push(text)
    end += text.length + 1
    return at
  }
  const placed = new Map<string, TextOffsets>()
  const offsets = insertions.map(({ entry, name, path }): TextOffsets => {
    const key = `${entry.soname}\0${entry.path}`
    const same =
      placed.get(key) ??
      known.find(([oldName, oldPath]) => isTextAt(bytes, oldName, name) && isTextAt(bytes, oldPath, path))
    if (same !== undefined) return same
    const at = append(path)
    const fresh = [
      entry.path.endsWith(entry.soname) ? at + path.length - name.length : append(name),
      at,
    ] as const
    placed.set(key, fresh)
    return fresh
  })
  const joined = new Uint8Array(end - textsEnd)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length + 1
  }
  return { bytes: joined, offsets }
}

/** True when the text stands there, and ends there. */
function isTextAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false
  return (bytes[at + text.length] ?? 0) === 0
}

/** The first entry whose name is not greater. */
function lowerBound(table: Table, name: Uint8Array): number {
  let from = 0
  let to = table.count
  while (from < to) {
    const middle = (from + to) >>> 1
    if (compareNameBytes(table.bytes, nameOffset(table, middle), name, 0) > 0) from = middle + 1
    else to = middle
  }
  return from
}
