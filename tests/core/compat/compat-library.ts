/** Libraries with sections, which our own writer of ELF files has none of: what a linker puts into a file. */

import { renderElf, type SharedObject } from "../../../src/core/elf/render-elf.ts"

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function renderNote(owner: string, content: string): Uint8Array {
  const padded = (text: string): Uint8Array => encode(text.padEnd(Math.ceil(text.length / 4) * 4, "\0"))
  const head = new Uint8Array(12)
  const view = new DataView(head.buffer)
  for (const [index, value] of [owner.length + 1, content.length, 1].entries())
    view.setUint32(index * 4, value, true)
  return joined([head, padded(`${owner}\0`), padded(content)])
}

/** A library with one section beside those that name it. */
export function withSection(
  name: string,
  content: Uint8Array,
  machine: SharedObject["machine"] = "x86-64",
): Uint8Array {
  const file = renderElf({ machine, soname: "libcuda.so.1", needed: [], symbol: "x", answer: 1 })
  const bits = machine === "i386" ? 32 : 64
  const names = encode(`\0${name}\0.shstrtab\0`)
  const namesAt = file.length + content.length
  const tableAt = Math.ceil((namesAt + names.length) / 8) * 8
  const size = bits === 64 ? 64 : 40
  const whole = new Uint8Array(tableAt + 3 * size)
  whole.set(joined([file, content, names]))
  const view = new DataView(whole.buffer)
  const wide = (at: number, value: number): void =>
    bits === 64 ? view.setBigUint64(at, BigInt(value), true) : view.setUint32(at, value, true)
  wide(bits === 64 ? 40 : 32, tableAt)
  for (const [index, value] of [size, 3, 2].entries())
    view.setUint16((bits === 64 ? 58 : 46) + index * 2, value, true)
  const section = (index: number, nameAt: number, offset: number, length: number): void => {
    const at = tableAt + index * size
    view.setUint32(at, nameAt, true)
    wide(at + (bits === 64 ? 24 : 16), offset)
    wide(at + (bits === 64 ? 32 : 20), length)
  }
  section(1, 1, file.length, content.length)
  section(2, name.length + 2, namesAt, names.length)
  return whole
}

export const compatLibrary = (note: string, owner = "NVIDIA Corporation"): Uint8Array =>
  withSection(".note.cuda.fwd_compatibility", renderNote(owner, note))
