/**
 * Writes a minimal shared object that a real dynamic loader loads: a SONAME, what it needs, one exported function that returns
 * a number. For simulated machines. Source: System V ABI, gABI 4.1; psABI x86-64 (arm64 differs only in the function's code).
 */

import { encodeUtf8 } from "../text/utf8.ts"
import { dynamicTag, type ElfMachine, machineNumbers, segment } from "./elf.ts"

export interface SharedObject {
  readonly machine: Exclude<ElfMachine, "other" | "i386">
  readonly soname: string
  readonly needed: readonly string[]
  /** Name of the exported function; it takes nothing and returns `answer`. */
  readonly symbol: string
  readonly answer: number
}

const pageBytes = 0x1000
const headerBytes = 64
const programHeaderBytes = 56
const symbolBytes = 24

/** Layout: headers, hash, symbols, strings, code in one readable and executable page run; dynamic section in a writable one. */
export function renderElf(object: SharedObject): Uint8Array {
  const strings = createStrings()
  const soname = strings.add(object.soname)
  const needed = object.needed.map((name) => strings.add(name))
  const symbol = strings.add(object.symbol)

  const programHeaders = 4
  const hashAt = headerBytes + programHeaders * programHeaderBytes
  const hashSize = 4 * (2 + 1 + 2) // one bucket, two symbols
  const symbolsAt = align(hashAt + hashSize, 8)
  const stringsAt = symbolsAt + 2 * symbolBytes
  const codeAt = align(stringsAt + strings.bytes().length, 16)
  const code = functionCode(object.machine, object.answer)
  const textEnd = codeAt + code.length
  const dynamicAt = align(textEnd, pageBytes)
  const entries = [
    ...needed.map((offset) => [dynamicTag.needed, offset] as const),
    [dynamicTag.soname, soname] as const,
    [dynamicTag.hash, hashAt] as const,
    [dynamicTag.stringTable, stringsAt] as const,
    [dynamicTag.symbolTable, symbolsAt] as const,
    [dynamicTag.stringSize, strings.bytes().length] as const,
    [dynamicTag.symbolSize, symbolBytes] as const,
    [dynamicTag.end, 0] as const,
  ]
  const dynamicSize = entries.length * 16
  const bytes = new Uint8Array(dynamicAt + dynamicSize)
  const view = new DataView(bytes.buffer)
  const wide = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true)

  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 3, true) // ET_DYN
  view.setUint16(18, machineNumbers[object.machine], true)
  view.setUint32(20, 1, true)
  wide(32, headerBytes)
  view.setUint16(52, headerBytes, true)
  view.setUint16(54, programHeaderBytes, true)
  view.setUint16(56, programHeaders, true)

  const header = (
    index: number,
    type: number,
    flags: number,
    at: number,
    size: number,
    alignment: number,
  ): void => {
    const place = headerBytes + index * programHeaderBytes
    view.setUint32(place, type, true)
    view.setUint32(place + 4, flags, true)
    for (const [offset, value] of [
      [8, at],
      [16, at],
      [24, at],
      [32, size],
      [40, size],
      [48, alignment],
    ] as const)
      wide(place + offset, value)
  }
  header(0, segment.load, 5, 0, textEnd, pageBytes)
  header(1, segment.load, 6, dynamicAt, dynamicSize, pageBytes)
  header(2, segment.dynamic, 6, dynamicAt, dynamicSize, 8)
  header(3, 0x6474e551, 6, 0, 0, 16) // PT_GNU_STACK: no executable stack

  for (const [index, value] of [1, 2, 1, 0, 0].entries()) view.setUint32(hashAt + index * 4, value, true)
  const symbolAt = symbolsAt + symbolBytes
  view.setUint32(symbolAt, symbol, true)
  bytes[symbolAt + 4] = 0x12 // global function
  view.setUint16(symbolAt + 6, 1, true) // any section but none: defined here
  wide(symbolAt + 8, codeAt)
  wide(symbolAt + 16, code.length)
  bytes.set(strings.bytes(), stringsAt)
  bytes.set(code, codeAt)
  for (const [index, [tag, value]] of entries.entries()) {
    wide(dynamicAt + index * 16, tag)
    wide(dynamicAt + index * 16 + 8, value)
  }
  return bytes
}

const align = (value: number, step: number): number => Math.ceil(value / step) * step

/** `return answer`, in 32 bits. */
function functionCode(machine: SharedObject["machine"], answer: number): Uint8Array {
  const code = new Uint8Array(machine === "x86-64" ? 6 : 12)
  const view = new DataView(code.buffer)
  if (machine === "x86-64") {
    code[0] = 0xb8 // mov eax, answer
    view.setInt32(1, answer, true)
    code[5] = 0xc3 // ret
  } else {
    view.setUint32(0, (0x52800000 | ((answer & 0xffff) << 5)) >>> 0, true) // movz w0, low
    view.setUint32(4, (0x72a00000 | (((answer >>> 16) & 0xffff) << 5)) >>> 0, true) // movk w0, high
    view.setUint32(8, 0xd65f03c0, true) // ret
  }
  return code
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
