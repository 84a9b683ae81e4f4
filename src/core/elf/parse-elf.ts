/**
 * Reads an ELF header, its program headers and its dynamic section, piece by piece: driver libraries are hundreds of megabytes,
 * what is wanted of them a few kilobytes. Needs no section headers, as the loader needs none.
 * Source: System V ABI, gABI 4.1. Little-endian only: every machine with a GPU driver is.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { dynamicTag, type ElfFile, type ElfMachine, machineNumbers, segment } from "./elf.ts"

/** Up to `length` bytes from an offset; fewer at the end of the file, none when it cannot be read. */
export type ReadBytes = (offset: number, length: number) => Uint8Array

/** More program headers or dynamic entries than any real file has. */
const countLimit = 4096
const nameLimit = 256
/** Names that lie this near to each other are read at once: every read may be a file opened and closed. Units: bytes. */
const spanLimit = 16 * 1024
/** Holds the header and the program headers of every real library. Units: bytes. */
const firstRead = 1024

export const parseElf = (bytes: Uint8Array): Result<ElfFile> =>
  parseElfFrom((offset, length) => bytes.subarray(offset, offset + length))

/** Faults: ElfInvalid. */
export function parseElfFrom(readBytes: ReadBytes): Result<ElfFile> {
  const wrong = (problem: string): Result<never> => fail(fault("ElfInvalid", { problem }))
  const head = readBytes(0, firstRead)
  if (head.length < 52 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return wrong("no ELF header")
  if (head[5] !== 1) return wrong("not little-endian")
  const bits = head[4] === 2 ? 64 : head[4] === 1 ? 32 : undefined
  if (bits === undefined || (bits === 64 && head.length < 64)) return wrong("unknown class")
  const view = viewOf(head)
  // A short first answer was the whole file.
  const read: ReadBytes = (offset, length) =>
    head.length < firstRead || offset + length <= head.length
      ? head.subarray(offset, offset + length)
      : readBytes(offset, length)
  const machine = nameMachine(view.getUint16(18, true))
  const [at, size, count] =
    bits === 64
      ? [readWide(view, 32), view.getUint16(54, true), view.getUint16(56, true)]
      : [view.getUint32(28, true), view.getUint16(42, true), view.getUint16(44, true)]
  if (count > countLimit || (count > 0 && size < (bits === 64 ? 56 : 32)))
    return wrong("program headers are malformed")
  const headers = read(at, size * count)
  if (headers.length < size * count) return wrong("program headers lie outside")
  const { loads, dynamic } = readSegments(viewOf(headers), bits, size, count)
  if (dynamic === undefined) return ok({ bits, machine, soname: undefined, needed: [] })
  const section = read(dynamic.offset, Math.min(dynamic.size, countLimit * 16))
  if (section.length < Math.min(dynamic.size, countLimit * 16))
    return wrong("the dynamic section lies outside")

  const tags = readTags(viewOf(section), bits, section.length)
  const tagValue = (tag: number): number | undefined => tags.find((one) => one.tag === tag)?.value
  const table = tagValue(dynamicTag.stringTable)
  const holder = loads.find(
    (load) => table !== undefined && table >= load.address && table < load.address + load.size,
  )
  if (table === undefined || holder === undefined) return ok({ bits, machine, soname: undefined, needed: [] })
  const start = holder.offset + (table - holder.address)
  const length = tagValue(dynamicTag.stringSize) ?? 0
  const nameAt = readNames(
    tags.flatMap(({ tag, value }) =>
      (tag === dynamicTag.needed || tag === dynamicTag.soname) && value < length ? [value] : [],
    ),
    (offset, size) => read(start + offset, Math.min(size, length - offset)),
  )

  const sonameOffset = tagValue(dynamicTag.soname)
  const soname = sonameOffset === undefined ? undefined : nameAt(sonameOffset)
  if (sonameOffset !== undefined && soname === undefined) return wrong("the soname lies outside")
  const needed: string[] = []
  for (const { tag, value } of tags) {
    if (tag !== dynamicTag.needed) continue
    const name = nameAt(value)
    if (name === undefined) return wrong("a needed name lies outside")
    needed.push(name)
  }
  return ok({ bits, machine, soname, needed })
}

/** Names of a string table by their offsets; a table may be megabytes, and holds every symbol of the library. */
function readNames(offsets: readonly number[], read: ReadBytes): (offset: number) => string | undefined {
  const first = Math.min(...offsets)
  const span = Math.max(...offsets) - first + nameLimit
  const together = offsets.length > 0 && span <= spanLimit ? read(first, span) : undefined
  const known = new Set(offsets)
  return (offset) => {
    if (!known.has(offset)) return undefined
    return textOf(together?.subarray(offset - first, offset - first + nameLimit) ?? read(offset, nameLimit))
  }
}

interface Segment {
  readonly offset: number
  readonly address: number
  readonly size: number
}

function readSegments(
  view: DataView,
  bits: 32 | 64,
  size: number,
  count: number,
): { readonly loads: readonly Segment[]; readonly dynamic: Segment | undefined } {
  const loads: Segment[] = []
  let dynamic: Segment | undefined
  for (let index = 0; index < count; index++) {
    const at = index * size
    const type = view.getUint32(at, true)
    const [offset, address, fileSize] =
      bits === 64
        ? [readWide(view, at + 8), readWide(view, at + 16), readWide(view, at + 32)]
        : [view.getUint32(at + 4, true), view.getUint32(at + 8, true), view.getUint32(at + 16, true)]
    if (type === segment.load) loads.push({ offset, address, size: fileSize })
    if (type === segment.dynamic) dynamic = { offset, address, size: fileSize }
  }
  return { loads, dynamic }
}

function readTags(
  view: DataView,
  bits: 32 | 64,
  length: number,
): readonly { readonly tag: number; readonly value: number }[] {
  const step = bits / 4
  const word = (at: number): number => (bits === 64 ? readWide(view, at) : view.getUint32(at, true))
  const tags: { readonly tag: number; readonly value: number }[] = []
  for (let at = 0; at + step <= length; at += step) {
    const tag = word(at)
    if (tag === dynamicTag.end) break
    tags.push({ tag, value: word(at + step / 2) })
  }
  return tags
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** No file reaches this far: an offset beyond it lies outside everything. */
const beyond = 2 ** 48

function readWide(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true)
  return value > BigInt(beyond) ? beyond : Number(value)
}

function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0)
  return end === -1 ? undefined : String.fromCharCode(...bytes.subarray(0, end))
}

function nameMachine(number: number): ElfMachine {
  for (const [name, known] of Object.entries(machineNumbers)) if (known === number) return name as ElfMachine
  return "other"
}
