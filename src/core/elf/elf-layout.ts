/**
 * The parts of an ELF file that lead to all others: header, program headers, dynamic section. Needs no section headers, as the
 * loader needs none. Source: System V ABI, gABI 4.1. Little-endian only: every machine with a GPU driver is.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { dynamicTag, type ElfMachine, machineNumbers, segment } from "./elf.ts"

/** Up to `length` bytes from an offset; fewer at the end of the file, none when it cannot be read. */
export type ReadBytes = (offset: number, length: number) => Uint8Array

export interface Segment {
  readonly offset: number
  readonly address: number
  readonly size: number
}

export interface ElfLayout {
  readonly bits: 32 | 64
  readonly machine: ElfMachine
  /** False: a program with fixed addresses, an object file, a core dump. */
  readonly isShared: boolean
  /** Answers from what has been read already where it can. */
  readonly read: ReadBytes
  readonly loads: readonly Segment[]
  readonly notes: readonly Segment[]
  /** undefined: the file names no loader. */
  readonly interpreter: Segment | undefined
  /** undefined: there is no dynamic section, or only its place, as in a file of debugging information. */
  readonly tags: readonly DynamicEntry[] | undefined
}

interface DynamicEntry {
  readonly tag: number
  readonly value: number
}

/** More program headers or dynamic entries than any real file has. */
const countLimit = 4096
/** Holds the header, the program headers and the notes of nearly every real library. Units: bytes. */
const firstRead = 1024

export const elfFault = (problem: string): Result<never> => fail(fault("ElfInvalid", { problem }))

/** Faults: ElfInvalid. */
export function parseElfLayout(readBytes: ReadBytes): Result<ElfLayout> {
  const head = readBytes(0, firstRead)
  if (head.length < 52 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return elfFault("no ELF header")
  if (head[5] !== 1) return elfFault("not little-endian")
  const bits = head[4] === 2 ? 64 : head[4] === 1 ? 32 : undefined
  if (bits === undefined || (bits === 64 && head.length < 64)) return elfFault("unknown class")
  const view = viewOf(head)
  // A short first answer was the whole file.
  const read: ReadBytes = (offset, length) =>
    head.length < firstRead || offset + length <= head.length
      ? head.subarray(offset, offset + length)
      : readBytes(offset, length)
  const [at, size, count] =
    bits === 64
      ? [readWide(view, 32), view.getUint16(54, true), view.getUint16(56, true)]
      : [view.getUint32(28, true), view.getUint16(42, true), view.getUint16(44, true)]
  if (count > countLimit || (count > 0 && size !== (bits === 64 ? 56 : 32)))
    return elfFault("program headers are malformed")
  const headers = read(at, size * count)
  if (headers.length < size * count) return elfFault("program headers lie outside")
  const { loads, notes, interpreter, dynamic } = readSegments(viewOf(headers), bits, size, count)
  const known = {
    bits,
    machine: nameMachine(view.getUint16(18, true)),
    isShared: view.getUint16(16, true) === 3,
    read,
    loads,
    notes,
    interpreter,
  } as const
  if (dynamic === undefined || dynamic.size === 0) return ok({ ...known, tags: undefined })
  const length = Math.min(dynamic.size, countLimit * 16)
  const section = read(dynamic.offset, length)
  if (section.length < length) return elfFault("the dynamic section lies outside")
  return ok({ ...known, tags: readTags(viewOf(section), bits, section.length) })
}

export const tagValue = ({ tags }: ElfLayout, tag: number): number | undefined =>
  tags?.find((one) => one.tag === tag)?.value

/** Where an address of the loaded file lies in the file. */
export function offsetOf({ loads }: ElfLayout, address: number | undefined): number | undefined {
  if (address === undefined) return undefined
  const holder = loads.find((load) => address >= load.address && address < load.address + load.size)
  return holder === undefined ? undefined : holder.offset + (address - holder.address)
}

function readSegments(
  view: DataView,
  bits: 32 | 64,
  size: number,
  count: number,
): {
  readonly loads: readonly Segment[]
  readonly notes: readonly Segment[]
  readonly interpreter: Segment | undefined
  readonly dynamic: Segment | undefined
} {
  const loads: Segment[] = []
  const notes: Segment[] = []
  let interpreter: Segment | undefined
  let dynamic: Segment | undefined
  for (let index = 0; index < count; index++) {
    const at = index * size
    const type = view.getUint32(at, true)
    const [offset, address, fileSize] =
      bits === 64
        ? [readWide(view, at + 8), readWide(view, at + 16), readWide(view, at + 32)]
        : [view.getUint32(at + 4, true), view.getUint32(at + 8, true), view.getUint32(at + 16, true)]
    const one = { offset, address, size: fileSize }
    if (type === segment.load) loads.push(one)
    if (type === segment.note) notes.push(one)
    if (type === segment.interpreter) interpreter = one
    if (type === segment.dynamic) dynamic = one
  }
  return { loads, notes, interpreter, dynamic }
}

function readTags(view: DataView, bits: 32 | 64, length: number): readonly DynamicEntry[] {
  const step = bits / 4
  const word = (at: number): number => (bits === 64 ? readWide(view, at) : view.getUint32(at, true))
  const tags: DynamicEntry[] = []
  for (let at = 0; at + step <= length; at += step) {
    const tag = word(at)
    if (tag === dynamicTag.end) break
    tags.push({ tag, value: word(at + step / 2) })
  }
  return tags
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** No file reaches this far: an offset beyond it lies outside everything. */
const beyond = 2 ** 48

export function readWide(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true)
  return high >= 0x10000 ? beyond : high * 2 ** 32 + view.getUint32(at, true)
}

function nameMachine(number: number): ElfMachine {
  for (const [name, known] of Object.entries(machineNumbers)) if (known === number) return name as ElfMachine
  return "other"
}
