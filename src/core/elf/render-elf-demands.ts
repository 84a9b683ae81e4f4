/** Writes what a shared object demands of the system: the ABI note and the needed versions. Source: see parse-elf-demands.ts. */

import { encodeUtf8 } from "../text/utf8.ts"
import { type AbiNote, abiSystems, gnuNote, type NeededVersions } from "./elf.ts"
import { createRecord } from "./elf-record.ts"

export function renderAbiNote({ os, version }: AbiNote): Uint8Array {
  const note = createRecord(32)
  const system = os === "other" ? abiSystems.length : abiSystems.indexOf(os)
  for (const [index, value] of [4, 16, gnuNote.abi, 0x00554e47, system, ...version].entries())
    note.word(index * 4, value)
  return note.bytes
}

/** A record a file, each followed by those of its versions. */
export function renderNeededVersions(
  needed: readonly NeededVersions[],
  add: (text: string) => number,
): Uint8Array {
  const records = createRecord(needed.reduce((sum, { versions }) => sum + 16 + versions.length * 16, 0))
  let at = 0
  let number = 2 // 0 and 1 mean: local, global
  for (const [index, { file, versions }] of needed.entries()) {
    const end = at + 16 + versions.length * 16
    records.half(at, 1)
    records.half(at + 2, versions.length)
    records.word(at + 4, add(file))
    records.word(at + 8, 16)
    records.word(at + 12, index === needed.length - 1 ? 0 : end - at)
    for (const [place, version] of versions.entries()) {
      at += 16
      records.word(at, hashOf(version))
      records.half(at + 6, number++)
      records.word(at + 8, add(version))
      records.word(at + 12, place === versions.length - 1 ? 0 : 16)
    }
    at = end
  }
  return records.bytes
}

/** The hash of a symbol's name. Source: gABI, chapter 5, hash table. */
function hashOf(name: string): number {
  let hash = 0
  for (const byte of encodeUtf8(name)) {
    hash = ((hash << 4) + byte) >>> 0
    const high = hash & 0xf0000000
    hash = ((hash ^ (high >>> 24)) & ~high) >>> 0
  }
  return hash
}
