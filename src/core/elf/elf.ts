/**
 * What the loader must know of an ELF file: class, machine, SONAME, NEEDED. Source: System V ABI, gABI 4.1; psABI x86-64, arm64.
 * Bounds are checked at every step: the bytes may come from anywhere.
 */

export type ElfMachine = "x86-64" | "aarch64" | "i386" | "other"

export interface ElfFile {
  readonly bits: 32 | 64
  readonly machine: ElfMachine
  readonly soname: string | undefined
  /** Order: as in the file. */
  readonly needed: readonly string[]
}

export const machineNumbers: Readonly<Record<Exclude<ElfMachine, "other">, number>> = {
  i386: 3,
  "x86-64": 62,
  aarch64: 183,
}

export const segment = { load: 1, dynamic: 2 } as const

export const dynamicTag = {
  end: 0,
  needed: 1,
  hash: 4,
  stringTable: 5,
  symbolTable: 6,
  stringSize: 10,
  symbolSize: 11,
  soname: 14,
} as const
