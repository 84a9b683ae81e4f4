/**
 * Writes the section headers of a shared object. The loader needs none; programs that read files without loading them (Go's
 * debug/elf, libelf, ldd's relatives) know a file only by them: SONAME by `.dynamic`, the oldest system by `.note.ABI-tag`.
 * Source: System V ABI, gABI 4.1, chapter 4, sections.
 */

import { encodeUtf8 } from "../text/utf8.ts"
import { createRecord } from "./elf-record.ts"

export interface Section {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly at: number
  readonly size: number
  readonly alignment: number
  /** Absent: it has no entries of one size. */
  readonly entrySize?: number
  /** Name of the section that this one's numbers mean; absent: none. */
  readonly link?: string
  readonly info?: number
}

export const sectionType = {
  code: 1,
  strings: 3,
  hash: 5,
  dynamic: 6,
  note: 7,
  symbols: 11,
  neededVersions: 0x6ffffffe,
  symbolVersions: 0x6fffffff,
} as const

export const sectionFlag = { write: 1, loaded: 2, code: 4 } as const

/** Units: bytes. */
const sectionHeaderBytes = { 32: 40, 64: 64 } as const

/** The number by which a symbol names the section that defines it. The first section is none. */
export const numberOfSection = (sections: readonly Section[], name: string): number =>
  sections.findIndex((one) => one.name === name) + 1

/** What lies behind the rest of the file: names of the sections, then their headers. Order: as given, then that of the names. */
export interface SectionTable {
  readonly bytes: Uint8Array
  /** Where in the file the headers begin. */
  readonly headersAt: number
  readonly headerBytes: number
  readonly count: number
  /** The section of the names. */
  readonly namesIndex: number
}

/** `at`: where in the file it will lie. */
export function renderSections(bits: 32 | 64, sections: readonly Section[], at: number): SectionTable {
  const own = ".shstrtab"
  const names = [0, ...[...sections.map(({ name }) => name), own].flatMap((name) => [...encodeUtf8(name), 0])]
  const all: readonly Section[] = [
    ...sections,
    { name: own, type: sectionType.strings, flags: 0, at, size: names.length, alignment: 1 },
  ]
  const width = bits / 8
  const headerBytes = sectionHeaderBytes[bits]
  const headersAt = Math.ceil((at + names.length) / 8) * 8
  const record = createRecord(headersAt - at + (all.length + 1) * headerBytes)
  record.bytes.set(names, 0)
  let nameAt = 1
  for (const [index, one] of all.entries()) {
    const place = headersAt - at + (index + 1) * headerBytes
    record.word(place, nameAt)
    nameAt += encodeUtf8(one.name).length + 1
    record.word(place + 4, one.type)
    record.address(bits, place + 8, one.flags)
    // Addresses are those of the file; what is not loaded has none.
    const address = (one.flags & sectionFlag.loaded) === 0 ? 0 : one.at
    for (const [field, value] of [address, one.at, one.size].entries())
      record.address(bits, place + 8 + (field + 1) * width, value)
    const linked = place + 8 + 4 * width
    record.word(linked, one.link === undefined ? 0 : numberOfSection(sections, one.link))
    record.word(linked + 4, one.info ?? 0)
    record.address(bits, linked + 8, one.alignment)
    record.address(bits, linked + 8 + width, one.entrySize ?? 0)
  }
  return { bytes: record.bytes, headersAt, headerBytes, count: all.length + 1, namesIndex: all.length }
}
