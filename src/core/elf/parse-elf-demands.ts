/**
 * What a file demands of the system that loads it: the oldest kernel (ABI note), the processor's level (property note), and the
 * versions of symbols in other files (`GLIBC_2.17` of `libc.so.6`). Apart from parse-elf.ts because it costs further reads.
 * Source: Linux Standard Base 5.0, core generic, 10.8 (ABI note) and 10.7.5 (version requirements); psABI x86-64, 3.3.8 (properties).
 */

import { ok, type Result } from "../fault/result.ts"
import {
  type AbiNote,
  abiSystems,
  dynamicTag,
  type ElfDemands,
  type ElfFile,
  gnuNote,
  type NeededVersions,
} from "./elf.ts"
import {
  type ElfLayout,
  elfFault,
  offsetOf,
  parseElfLayout,
  type ReadBytes,
  tagValue,
  viewOf,
} from "./elf-layout.ts"
import { parseNames } from "./parse-elf.ts"
import type { NameAt } from "./string-table.ts"

/** Far more than any real file has. */
const noteSegmentLimit = 8
const fileLimit = 256
const versionLimit = 4096
/** Units: bytes. */
const noteBytesLimit = 4096
const windowBytes = 4096

/** Property: the levels of x86-64 that the file needs. */
const isaNeededProperty = 0xc0008002

/** Faults: ElfInvalid. */
export function parseElfWithDemands(readBytes: ReadBytes): Result<ElfFile & ElfDemands> {
  const layout = parseElfLayout(readBytes)
  if (!layout.ok) return layout
  const needed = parseNeededVersions(layout.value)
  if (!needed.ok) return needed
  const offsets = needed.value.flatMap(({ file, versions }) => [file, ...versions])
  const names = parseNames(layout.value, offsets)
  if (!names.ok) return names
  const neededVersions = nameVersions(names.value.nameAt, needed.value)
  if (!neededVersions.ok) return neededVersions
  return ok({ ...names.value.file, ...parseNotes(layout.value), neededVersions: neededVersions.value })
}

/** A malformed note says nothing: the loader passes over it too. */
export function parseNotes(layout: ElfLayout): Pick<ElfDemands, "abi" | "isaNeeded"> {
  let abi: AbiNote | undefined
  let isaNeeded = 0
  for (const { offset, size } of layout.notes.slice(0, noteSegmentLimit)) {
    const bytes = layout.read(offset, Math.min(size, noteBytesLimit))
    for (const { type, content } of gnuNotes(bytes, layout.bits)) {
      if (type === gnuNote.abi && content.byteLength >= 16) abi ??= readAbi(content)
      if (type === gnuNote.property) isaNeeded ||= readIsaNeeded(content, layout.bits)
    }
  }
  return { abi, isaNeeded }
}

/** Name and content are padded to 4 bytes; a property's content ends on the class's word. */
function gnuNotes(
  bytes: Uint8Array,
  bits: 32 | 64,
): readonly { readonly type: number; readonly content: DataView }[] {
  const view = viewOf(bytes)
  const notes: { readonly type: number; readonly content: DataView }[] = []
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = view.getUint32(at, true)
    const size = view.getUint32(at + 4, true)
    const type = view.getUint32(at + 8, true)
    const content = at + 12 + Math.ceil(nameSize / 4) * 4
    if (content + size > bytes.length) break
    const isGnu = nameSize === 4 && view.getUint32(at + 12, true) === 0x00554e47
    if (isGnu) notes.push({ type, content: viewOf(bytes.subarray(content, content + size)) })
    const step = isGnu && type === gnuNote.property ? bits / 8 : 4
    at = content + Math.ceil(size / step) * step
  }
  return notes
}

const readAbi = (content: DataView): AbiNote => ({
  os: abiSystems[content.getUint32(0, true)] ?? "other",
  version: [content.getUint32(4, true), content.getUint32(8, true), content.getUint32(12, true)],
})

function readIsaNeeded(content: DataView, bits: 32 | 64): number {
  for (let at = 0; at + 8 <= content.byteLength; ) {
    const type = content.getUint32(at, true)
    const size = content.getUint32(at + 4, true)
    if (type === isaNeededProperty && size === 4 && at + 12 <= content.byteLength)
      return content.getUint32(at + 8, true)
    at += 8 + Math.ceil(size / (bits / 8)) * (bits / 8)
  }
  return 0
}

interface VersionOffsets {
  readonly file: number
  readonly versions: readonly number[]
}

/** Two lists, one in the other, each entry naming the distance to the next: both counted and both bounded. */
function parseNeededVersions(layout: ElfLayout): Result<readonly VersionOffsets[]> {
  const outside = elfFault("the needed versions lie outside")
  const count = tagValue(layout, dynamicTag.neededVersionCount) ?? 0
  const address = tagValue(layout, dynamicTag.neededVersions)
  if (address === undefined || count === 0) return ok([])
  if (count > fileLimit) return elfFault("versions of more files are needed than any file needs")
  const start = offsetOf(layout, address)
  if (start === undefined) return outside
  const record = createWindow(layout.read)
  const found: VersionOffsets[] = []
  let total = 0
  let at = start
  for (let index = 0; index < count; index++) {
    const file = record(at)
    if (file === undefined) return outside
    const versions: number[] = []
    const versionCount = file.getUint16(2, true)
    total += versionCount
    if (total > versionLimit) return elfFault("more versions are needed than any file needs")
    let versionAt = at + file.getUint32(8, true)
    for (let left = versionCount; left > 0; left--) {
      const version = record(versionAt)
      if (version === undefined) return outside
      versions.push(version.getUint32(8, true))
      const next = version.getUint32(12, true)
      if (next === 0) break
      versionAt += next
    }
    found.push({ file: file.getUint32(4, true), versions })
    const next = file.getUint32(12, true)
    if (next === 0) break
    at += next
  }
  return ok(found)
}

function nameVersions(nameAt: NameAt, found: readonly VersionOffsets[]): Result<readonly NeededVersions[]> {
  const named: NeededVersions[] = []
  for (const one of found) {
    const file = nameAt(one.file)
    const versions = one.versions.map((offset) => nameAt(offset))
    if (file === undefined || !versions.every((version) => version !== undefined))
      return elfFault("the name of a needed version lies outside")
    named.push({ file, versions })
  }
  return ok(named)
}

/** Records of 16 bytes, read by windows: they follow each other in every real file. */
function createWindow(read: ReadBytes): (offset: number) => DataView | undefined {
  let start = 0
  let window: Uint8Array = new Uint8Array()
  return (offset) => {
    if (offset < start || offset + 16 > start + window.length) {
      start = offset
      window = read(offset, windowBytes)
    }
    return offset + 16 > start + window.length ? undefined : viewOf(window.subarray(offset - start))
  }
}
