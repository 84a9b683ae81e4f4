/**
 * A part of an ELF file by its name. The loader needs no sections and a stripped file may have none, so nothing that containers
 * depend on is looked for this way but what is known by such a name only. Source: System V ABI, gABI 4.1, section headers.
 */

import { decodeLatin1 } from "../text/utf8.ts"
import { type ElfLayout, readWide, viewOf } from "./elf-layout.ts"

/** More sections than any library has. */
const sectionLimit = 4096
/** Units: bytes. */
const nameBytesLimit = 1024 * 1024

/** Where a section lies in a class's header, and its fields in a section header. Units: bytes. */
const places = {
  32: { header: 52, tableAt: 32, entryAt: 46, entry: 40, offset: 16, size: 20 },
  64: { header: 64, tableAt: 40, entryAt: 58, entry: 64, offset: 24, size: 32 },
} as const

interface Section {
  readonly nameAt: number
  readonly offset: number
  readonly size: number
}

/** Its content, cut at a limit. undefined: there is none, or the file's table of sections is malformed. */
export function findSection(
  { bits, read }: Pick<ElfLayout, "bits" | "read">,
  name: string,
  limitBytes: number,
): Uint8Array | undefined {
  const place = places[bits]
  const header = viewOf(read(0, place.header))
  if (header.byteLength < place.header) return undefined
  const wide = (view: DataView, at: number): number =>
    bits === 64 ? readWide(view, at) : view.getUint32(at, true)
  const tableAt = wide(header, place.tableAt)
  const count = header.getUint16(place.entryAt + 2, true)
  if (header.getUint16(place.entryAt, true) !== place.entry || count > sectionLimit) return undefined
  const table = viewOf(read(tableAt, count * place.entry))
  if (count === 0 || table.byteLength < count * place.entry) return undefined
  const sections = Array.from({ length: count }, (_, index): Section => {
    const at = index * place.entry
    return {
      nameAt: table.getUint32(at, true),
      offset: wide(table, at + place.offset),
      size: wide(table, at + place.size),
    }
  })
  const naming = sections[header.getUint16(place.entryAt + 4, true)]
  if (naming === undefined) return undefined
  const names = decodeLatin1(read(naming.offset, Math.min(naming.size, nameBytesLimit)))
  const found = sections.find(({ nameAt }) => names.startsWith(`${name}\0`, nameAt))
  return found === undefined ? undefined : read(found.offset, Math.min(found.size, limitBytes))
}
