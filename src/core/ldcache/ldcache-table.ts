/**
 * A cache as ldconfig writes it, used where it lies: its table in the loader's order, its strings in one area behind it that ends
 * with a zero. Nothing is taken on trust: what is not so is no table.
 */

import { compareKinds } from "./compare-kinds.ts"
import { compareNameBytes } from "./compare-names.ts"
import { entryBytes, headerBytes, textLimit, textTotalLimit } from "./ldcache.ts"
import { hwcapNameOffsets, type LdcacheLayout, numbersOf, parseLdcacheLayout } from "./parse-ldcache.ts"

export interface Table extends LdcacheLayout {
  readonly textsAt: number
  readonly textsEnd: number
  /** Offsets of the names of hardware capabilities. Order: of their numbers. */
  readonly hwcapNames: readonly number[]
}

/** undefined: the cache is malformed, unsorted or otherwise not as ldconfig writes it. */
export function openTable(file: Uint8Array): Table | undefined {
  const layout = parseLdcacheLayout(file)
  if (!layout.ok) return undefined
  const { view, bytes, count, extensions } = layout.value
  const textsAt = headerBytes + count * entryBytes
  const textsEnd = textsAt + view.getUint32(24, true)
  if (textsEnd > bytes.length || (textsEnd > textsAt && bytes[textsEnd - 1] !== 0)) return undefined
  const table = { ...layout.value, textsAt, textsEnd, hwcapNames: hwcapNameOffsets(extensions) }
  const areNamesInside = table.hwcapNames.every((offset) => offset >= textsAt && offset < textsEnd)
  return areNamesInside && isComparable(table) && isSorted(table) ? table : undefined
}

export const nameOffset = ({ view }: Table, index: number): number =>
  view.getUint32(headerBytes + index * entryBytes + 4, true)

/** What is longer than any path would make comparing long, and so would many that all may be long: whoever reads them counts them. */
function isComparable({ bytes, count, textsAt, textsEnd }: Table): boolean {
  let longest = 0
  for (let at = textsAt; at < textsEnd; ) {
    const end = bytes.indexOf(0, at)
    longest = Math.max(longest, end - at)
    at = end + 1
  }
  return longest <= textLimit && longest * count <= textTotalLimit
}

const entryWords = entryBytes / 4

/** More entries of one name than any machine has directories: each is looked at for each that is added. */
const sameNameLimit = 1000

/** Also true only when every name and path lies among the strings, and no name is there too often. */
function isSorted({ view, bytes, count, textsAt, textsEnd }: Table): boolean {
  // Copied, so that it lies on a multiple of four. Little-endian, as everyone that has such a cache.
  const words = new Uint32Array(bytes.slice(headerBytes, textsAt).buffer)
  let previous = textsAt
  let same = 0
  for (let index = 0; index < count; index++) {
    const name = words[index * entryWords + 1] ?? 0
    const path = words[index * entryWords + 2] ?? 0
    if (name < textsAt || name >= textsEnd || path < textsAt || path >= textsEnd) return false
    if (index > 0) {
      const order = name === previous ? 0 : compareNameBytes(bytes, previous, bytes, name)
      same = order === 0 ? same + 1 : 0
      if (order < 0 || same > sameNameLimit) return false
      if (order === 0 && compareKinds(numbersOf(view, index - 1), numbersOf(view, index)) > 0) return false
    }
    previous = name
  }
  return true
}
