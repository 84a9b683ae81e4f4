/**
 * Writes a minimal shared object that a real dynamic loader loads: a SONAME, what it needs, one exported function that returns
 * a number, and on demand an ABI note and needed versions. For simulated machines.
 * Source: System V ABI, gABI 4.1; psABI x86-64, i386, arm64 (which differ in the function's code and the width of words).
 */

import { encodeUtf8 } from "../text/utf8.ts"
import {
  type AbiNote,
  dynamicTag,
  type ElfMachine,
  machineNumbers,
  type NeededVersions,
  segment,
} from "./elf.ts"
import { createRecord, type ElfRecord } from "./elf-record.ts"
import { renderAbiNote, renderNeededVersions } from "./render-elf-demands.ts"
import {
  numberOfSection,
  renderSections,
  type Section,
  type SectionTable,
  sectionFlag,
  sectionType,
} from "./render-elf-sections.ts"

export interface SharedObject {
  readonly machine: Exclude<ElfMachine, "other">
  readonly soname: string
  readonly needed: readonly string[]
  /** Name of the exported function; it takes nothing and returns `answer`. */
  readonly symbol: string
  readonly answer: number
  /** Absent: the object has no such note. */
  readonly abi?: AbiNote
  /** Files among those needed, and the versions that a loader must find in them. */
  readonly neededVersions?: readonly NeededVersions[]
}

const pageBytes = 0x1000
/** By class: file header, program header, symbol, dynamic entry. Units: bytes. */
const sizesOf = {
  32: { header: 52, programHeader: 32, symbol: 16, dynamicEntry: 8 },
  64: { header: 64, programHeader: 56, symbol: 24, dynamicEntry: 16 },
} as const

/**
 * Layout: headers, note, hash, symbols, versions, strings, code in one readable and executable page run; dynamic section in a writable one;
 * behind it what is not loaded: section headers.
 */
export function renderElf(object: SharedObject): Uint8Array {
  const bits = object.machine === "i386" ? 32 : 64
  const sizes = sizesOf[bits]
  const strings = createStrings()
  const soname = strings.add(object.soname)
  const needed = object.needed.map((name) => strings.add(name))
  const symbol = strings.add(object.symbol)
  const versions = object.neededVersions ?? []
  const versionRecords = renderNeededVersions(versions, strings.add)
  const note = object.abi === undefined ? new Uint8Array() : renderAbiNote(object.abi)
  const code = functionCode(object.machine, object.answer)
  const hash = createRecord(20)
  for (const [index, value] of [1, 2, 1, 0, 0].entries()) hash.word(index * 4, value) // one bucket, two symbols
  const symbolVersions = Uint8Array.of(0, 0, 1, 0) // of the empty symbol, and of the function: no version

  const programHeaders = note.length > 0 ? 5 : 4
  const noteAt = align(sizes.header + programHeaders * sizes.programHeader, 4)
  const hashAt = align(noteAt + note.length, 8)
  const symbolsAt = align(hashAt + hash.bytes.length, 8)
  const symbolVersionsAt = symbolsAt + 2 * sizes.symbol
  const versionsAt = symbolVersionsAt + (versions.length > 0 ? symbolVersions.length : 0)
  const stringsAt = versionsAt + versionRecords.length
  const codeAt = align(stringsAt + strings.bytes().length, 16)
  const textEnd = codeAt + code.length
  const dynamicAt = align(textEnd, pageBytes)
  const entries: readonly (readonly [tag: number, value: number])[] = [
    ...needed.map((offset) => [dynamicTag.needed, offset] as const),
    [dynamicTag.soname, soname],
    [dynamicTag.hash, hashAt],
    [dynamicTag.stringTable, stringsAt],
    [dynamicTag.symbolTable, symbolsAt],
    [dynamicTag.stringSize, strings.bytes().length],
    [dynamicTag.symbolSize, sizes.symbol],
    ...(versions.length === 0
      ? []
      : ([
          [dynamicTag.symbolVersions, symbolVersionsAt],
          [dynamicTag.neededVersions, versionsAt],
          [dynamicTag.neededVersionCount, versions.length],
        ] as const)),
    [dynamicTag.end, 0],
  ]
  const dynamicSize = entries.length * sizes.dynamicEntry
  const { loaded, write, code: executable } = sectionFlag
  const part = (at: number, size: number, alignment: number) => ({ at, size, alignment, flags: loaded })
  const sections: readonly Section[] = [
    ...(note.length === 0
      ? []
      : [{ name: ".note.ABI-tag", type: sectionType.note, ...part(noteAt, note.length, 4) }]),
    {
      name: ".hash",
      type: sectionType.hash,
      ...part(hashAt, hash.bytes.length, 8),
      entrySize: 4,
      link: ".dynsym",
    },
    {
      name: ".dynsym",
      type: sectionType.symbols,
      ...part(symbolsAt, 2 * sizes.symbol, 8),
      // `info`: the first that is not local.
      entrySize: sizes.symbol,
      link: ".dynstr",
      info: 1,
    },
    ...(versions.length === 0
      ? []
      : [
          {
            name: ".gnu.version",
            type: sectionType.symbolVersions,
            entrySize: 2,
            link: ".dynsym",
            ...part(symbolVersionsAt, symbolVersions.length, 2),
          },
          {
            name: ".gnu.version_r",
            type: sectionType.neededVersions,
            link: ".dynstr",
            ...part(versionsAt, versionRecords.length, 4),
            info: versions.length,
          },
        ]),
    { name: ".dynstr", type: sectionType.strings, ...part(stringsAt, strings.bytes().length, 1) },
    {
      name: ".text",
      type: sectionType.code,
      ...part(codeAt, code.length, 16),
      flags: loaded | executable,
    },
    {
      name: ".dynamic",
      type: sectionType.dynamic,
      ...part(dynamicAt, dynamicSize, 8),
      entrySize: sizes.dynamicEntry,
      link: ".dynstr",
      flags: loaded | write,
    },
  ]
  const table = renderSections(bits, sections, dynamicAt + dynamicSize)
  const file = createRecord(dynamicAt + dynamicSize + table.bytes.length)

  const segments: readonly Header[] = [
    { type: segment.load, flags: 5, at: 0, size: textEnd, alignment: pageBytes },
    { type: segment.load, flags: 6, at: dynamicAt, size: dynamicSize, alignment: pageBytes },
    { type: segment.dynamic, flags: 6, at: dynamicAt, size: dynamicSize, alignment: 8 },
    { type: 0x6474e551, flags: 6, at: 0, size: 0, alignment: 16 }, // PT_GNU_STACK: no executable stack
    ...(note.length > 0
      ? [{ type: segment.note, flags: 4, at: noteAt, size: note.length, alignment: 4 }]
      : []),
  ]
  writeHeader(file, bits, machineNumbers[object.machine], segments.length, table)
  for (const [index, one] of segments.entries())
    writeSegment(file, bits, sizes.header + index * sizes.programHeader, one)
  writeSymbol(file, bits, symbolsAt + sizes.symbol, {
    name: symbol,
    at: codeAt,
    size: code.length,
    section: numberOfSection(sections, ".text"),
  })
  for (const [at, part] of [
    [noteAt, note],
    [hashAt, hash.bytes],
    ...(versions.length > 0 ? ([[symbolVersionsAt, symbolVersions]] as const) : []),
    [versionsAt, versionRecords],
    [stringsAt, strings.bytes()],
    [codeAt, code],
    [dynamicAt + dynamicSize, table.bytes],
  ] as const)
    file.bytes.set(part, at)
  for (const [index, [tag, value]] of entries.entries()) {
    const at = dynamicAt + index * sizes.dynamicEntry
    file.address(bits, at, tag)
    file.address(bits, at + bits / 8, value)
  }
  return file.bytes
}

function writeHeader(
  file: ElfRecord,
  bits: 32 | 64,
  machine: number,
  segments: number,
  table: SectionTable,
): void {
  const sizes = sizesOf[bits]
  file.bytes.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, 1, 1])
  file.half(16, 3) // ET_DYN
  file.half(18, machine)
  file.word(20, 1)
  file.address(bits, bits === 64 ? 32 : 28, sizes.header)
  file.address(bits, bits === 64 ? 40 : 32, table.headersAt)
  const counts = [
    sizes.header,
    sizes.programHeader,
    segments,
    table.headerBytes,
    table.count,
    table.namesIndex,
  ]
  for (const [index, value] of counts.entries()) file.half((bits === 64 ? 52 : 40) + index * 2, value)
}

interface Header {
  readonly type: number
  readonly flags: number
  readonly at: number
  readonly size: number
  readonly alignment: number
}

/** Flags stand second in 64 bits, last but one in 32. Addresses are those of the file. */
function writeSegment(file: ElfRecord, bits: 32 | 64, place: number, one: Header): void {
  const width = bits / 8
  file.word(place, one.type)
  file.word(place + (bits === 64 ? 4 : 24), one.flags)
  for (const [index, value] of [one.at, one.at, one.at, one.size, one.size].entries())
    file.address(bits, place + width + index * width, value)
  file.address(bits, place + (bits === 64 ? 48 : 28), one.alignment)
}

/** A global function. */
function writeSymbol(
  file: ElfRecord,
  bits: 32 | 64,
  place: number,
  symbol: {
    readonly name: number
    readonly at: number
    readonly size: number
    /** The section that defines it. */
    readonly section: number
  },
): void {
  const [kindAt, addressAt] = bits === 64 ? [4, 8] : [12, 4]
  file.word(place, symbol.name)
  file.bytes[place + kindAt] = 0x12
  file.half(place + kindAt + 2, symbol.section)
  file.address(bits, place + addressAt, symbol.at)
  file.address(bits, place + addressAt + bits / 8, symbol.size)
}

const align = (value: number, step: number): number => Math.ceil(value / step) * step

/** `return answer`, in 32 bits. */
function functionCode(machine: SharedObject["machine"], answer: number): Uint8Array {
  const code = createRecord(machine === "aarch64" ? 12 : 6)
  if (machine === "aarch64") {
    code.word(0, 0x52800000 | ((answer & 0xffff) << 5)) // movz w0, low
    code.word(4, 0x72a00000 | (((answer >>> 16) & 0xffff) << 5)) // movk w0, high
    code.word(8, 0xd65f03c0) // ret
  } else {
    code.bytes[0] = 0xb8 // mov eax, answer
    code.word(1, answer)
    code.bytes[5] = 0xc3 // ret
  }
  return code.bytes
}

function createStrings(): { add(text: string): number; bytes(): Uint8Array } {
  const parts: number[] = [0]
  return {
    add(text) {
      const at = parts.length
      parts.push(...encodeUtf8(text), 0)
      return at
    },
    bytes: () => Uint8Array.from(parts),
  }
}
