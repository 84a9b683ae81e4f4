/**
 * What ldconfig makes of one file: its SONAME, and the flags by which a loader knows whether it is meant.
 * Source: observed on ldconfig of glibc 2.36, x86-64; arm64 as written in glibc's list of flags.
 *   taken: shared objects, and programs that could be ones (PIE); not taken: fixed programs, object files, files whose dynamic
 *   section is missing or empty (debugging information), other machines
 *   64 bits are always `libc6`; an i386 file is when it needs libc.so.6 or libm.so.6 or names ld-linux.so.2 as its loader, else `ELF`
 */

import { dynamicTag } from "../elf/elf.ts"
import { type ElfLayout, offsetOf, parseElfLayout, tagValue } from "../elf/elf-layout.ts"
import { parseNames } from "../elf/parse-elf.ts"
import { parseNotes } from "../elf/parse-elf-demands.ts"
import { bytesOrNone } from "../elf/read-parts.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { decodeLatin1 } from "../text/utf8.ts"
import { elfFlags, flagsOf } from "./ldcache.ts"
import type { LdconfigRules } from "./ldconfig-rules.ts"
import type { LibraryTree } from "./library-tree.ts"

export interface LibraryHead {
  readonly soname: string | undefined
  readonly flags: number
  /** 0: any x86-64; 1 to 3: x86-64-v2 to v4. 0 also where nobody asks, because it may cost another read: all but `hwcaps`. */
  readonly isaLevel: number
}

/** How a directory came to be searched. */
export type DirectoryRole = "plain" | "hwcaps"

/** `path`: its links resolved. Faults: HostReadFailed, ElfInvalid. */
export function readLibraryHead(
  tree: LibraryTree,
  path: string,
  machine: LdconfigRules["machine"],
  role: DirectoryRole,
): Result<LibraryHead> {
  return tree.readParts(path, (readPart) => {
    const first = readPart({ offsetBytes: 0, lengthBytes: 1024 })
    if (!first.ok) return first
    const readMore = bytesOrNone(readPart)
    const layout = parseElfLayout((offset, length) =>
      offset === 0 && length === 1024 ? first.value : readMore(offset, length),
    )
    return layout.ok ? headOf(layout.value, machine, role) : layout
  })
}

function headOf(
  layout: ElfLayout,
  machine: LdconfigRules["machine"],
  role: DirectoryRole,
): Result<LibraryHead> {
  const wrong = (problem: string): Result<never> => fail(fault("ElfInvalid", { problem }))
  if (!layout.isShared) return wrong("no shared object")
  if (layout.tags === undefined) return wrong("no dynamic section")
  if (offsetOf(layout, tagValue(layout, dynamicTag.stringTable)) === undefined) return wrong("no names")
  const names = parseNames(layout, [])
  if (!names.ok) return names
  const { soname, needed } = names.value.file
  const flags = flagsFor(layout, needed, machine)
  if (flags === undefined) return wrong(`built for another machine: ${layout.machine}`)
  return ok({ soname, flags, isaLevel: role === "hwcaps" ? isaLevelOf(layout) : 0 })
}

function flagsFor(
  layout: ElfLayout,
  needed: readonly string[],
  machine: LdconfigRules["machine"],
): number | undefined {
  const kind = `${layout.machine}, ${layout.bits} bits`
  if (machine === "aarch64") return kind === "aarch64, 64 bits" ? flagsOf.aarch64 : undefined
  if (kind === "x86-64, 64 bits") return flagsOf["x86-64"]
  if (kind === "x86-64, 32 bits") return flagsOf.x32
  if (kind !== "i386, 32 bits") return undefined
  const isForLibc = needed.some((name) => name === "libc.so.6" || name === "libm.so.6")
  return isForLibc || namesLoader(layout) ? flagsOf.i386 : elfFlags
}

const loader = "/lib/ld-linux.so.2\0"

function namesLoader({ interpreter, read }: ElfLayout): boolean {
  return interpreter !== undefined && decodeLatin1(read(interpreter.offset, loader.length)) === loader
}

/** The highest of the levels that the file says it needs. */
function isaLevelOf(layout: ElfLayout): number {
  const { isaNeeded } = parseNotes(layout)
  return layout.machine === "aarch64" || isaNeeded === 0 ? 0 : 31 - Math.clz32(isaNeeded)
}
