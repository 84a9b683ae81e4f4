/**
 * Reads what names an ELF file and what it needs, piece by piece: driver libraries are hundreds of megabytes, what is wanted of them
 * a few kilobytes. The start path does this some sixty times; what costs more is in parse-elf-demands.ts.
 */

import { ok, type Result } from "../fault/result.ts"
import { dynamicTag, type ElfFile } from "./elf.ts"
import { type ElfLayout, elfFault, parseElfLayout, type ReadBytes, tagValue } from "./elf-layout.ts"
import { type NameAt, readNames } from "./string-table.ts"

export const parseElf = (bytes: Uint8Array): Result<ElfFile> => parseElfFrom(readerOf(bytes))

export const readerOf =
  (bytes: Uint8Array): ReadBytes =>
  (offset, length) =>
    bytes.subarray(offset, offset + length)

/** Faults: ElfInvalid. */
export function parseElfFrom(readBytes: ReadBytes): Result<ElfFile> {
  const layout = parseElfLayout(readBytes)
  if (!layout.ok) return layout
  const names = parseNames(layout.value, [])
  return names.ok ? ok(names.value.file) : names
}

export interface ElfNames {
  readonly file: ElfFile
  readonly nameAt: NameAt
}

/** `others`: offsets of further names that are wanted, read together with these. */
export function parseNames(layout: ElfLayout, others: readonly number[]): Result<ElfNames> {
  const { bits, machine, tags = [] } = layout
  const named = tags.filter(({ tag }) => tag === dynamicTag.needed || tag === dynamicTag.soname)
  const nameAt = readNames(layout, [...named.map(({ value }) => value), ...others])
  if (nameAt === undefined)
    return ok({ file: { bits, machine, soname: undefined, needed: [] }, nameAt: () => undefined })
  const sonameOffset = tagValue(layout, dynamicTag.soname)
  const soname = sonameOffset === undefined ? undefined : nameAt(sonameOffset)
  if (sonameOffset !== undefined && soname === undefined) return elfFault("the soname lies outside")
  const needed: string[] = []
  for (const { tag, value } of named) {
    if (tag !== dynamicTag.needed) continue
    const name = nameAt(value)
    if (name === undefined) return elfFault("a needed name lies outside")
    needed.push(name)
  }
  return ok({ file: { bits, machine, soname, needed }, nameAt })
}
