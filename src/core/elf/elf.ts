/**
 * What the loader must know of an ELF file: class, machine, SONAME, NEEDED; and what it demands of the system it is loaded on.
 * Source: System V ABI, gABI 4.1; psABI x86-64, i386, arm64; Linux Standard Base 5.0, ABI note and symbol versioning.
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

/** What is asked of a file only when somebody wants to know: it costs further reads. */
export interface ElfDemands {
  /** undefined: the file has no such note. */
  readonly abi: AbiNote | undefined
  /** Symbol versions that must be there, by the file that must have them. Order: as in the file. */
  readonly neededVersions: readonly NeededVersions[]
  /** Bits of x86-64-baseline, -v2, -v3, -v4 that the file says it needs; 0: it says nothing. */
  readonly isaNeeded: number
}

/** The oldest system that the file runs on: `{ os: "linux", version: [3, 2, 0] }`. */
export interface AbiNote {
  readonly os: "linux" | "hurd" | "solaris" | "freebsd" | "other"
  readonly version: readonly [major: number, minor: number, patch: number]
}

export interface NeededVersions {
  readonly file: string
  readonly versions: readonly string[]
}

export const machineNumbers: Readonly<Record<Exclude<ElfMachine, "other">, number>> = {
  i386: 3,
  "x86-64": 62,
  aarch64: 183,
}

export const segment = { load: 1, dynamic: 2, interpreter: 3, note: 4 } as const

export const dynamicTag = {
  end: 0,
  needed: 1,
  hash: 4,
  stringTable: 5,
  symbolTable: 6,
  stringSize: 10,
  symbolSize: 11,
  soname: 14,
  symbolVersions: 0x6ffffff0,
  neededVersions: 0x6ffffffe,
  neededVersionCount: 0x6fffffff,
} as const

/** Types of notes whose name is `GNU`. */
export const gnuNote = { abi: 1, property: 5 } as const

/** Order: by the number that the ABI note gives each. */
export const abiSystems: readonly Exclude<AbiNote["os"], "other">[] = ["linux", "hurd", "solaris", "freebsd"]
