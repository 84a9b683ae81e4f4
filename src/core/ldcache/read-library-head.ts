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
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { decodeLatin1 } from "../text/utf8.ts"
import { elfFlags, flagsOf } from "./ldcache.ts"
import type { LdconfigRules } from "./ldconfig-rules.ts"
import type { LibraryTree } from "./library-tree.ts"

export interface LibraryHead {
  readonly soname: string | undefined
  readonly flags: number
  /** 0: any x86-64; 1 to 3: x86-64-v2 to v4. Asked for apart: it may cost another read. */
  readIsaLevel(): number
}

/** `path`: its links resolved. Faults: HostReadFailed, ElfInvalid. */
export function readLibraryHead(
  tree: LibraryTree,
  path: string,
  machine: LdconfigRules["machine"],
): Result<LibraryHead> {
  const first = tree.readFile(path, { offsetBytes: 0, lengthBytes: 1024 })
  if (!first.ok) return first
  const layout = parseElfLayout((offsetBytes, lengthBytes) => {
    if (offsetBytes === 0 && lengthBytes === 1024) return first.value
    const bytes = tree.readFile(path, { offsetBytes, lengthBytes })
    return bytes.ok ? bytes.value : new Uint8Array()
  })
  if (!layout.ok) return layout
  const wrong = (problem: string): Result<never> => fail(fault("ElfInvalid", { problem }))
  if (!layout.value.isShared) return wrong("no shared object")
  if (layout.value.tags === undefined) return wrong("no dynamic section")
  if (offsetOf(layout.value, tagValue(layout.value, dynamicTag.stringTable)) === undefined)
    return wrong("no names")
  const names = parseNames(layout.value, [])
  if (!names.ok) return names
  const flags = flagsFor(layout.value, names.value.file.needed, machine)
  if (flags === undefined) return wrong(`built for another machine: ${layout.value.machine}`)
  return ok({ soname: names.value.file.soname, flags, readIsaLevel: () => isaLevelOf(layout.value) })
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
