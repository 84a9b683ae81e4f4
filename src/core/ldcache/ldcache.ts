/**
 * The loader's cache of libraries. Source: glibc 2.36, sysdeps/generic/dl-cache.h (format `glibc-ld.so.cache1.1`).
 * Merging exists because scanning an image of 5,000 libraries to add 70 costs 300 ms, and the image's own cache has the rest.
 */

/** One line of `ldconfig -p`. */
export interface LdcacheEntry {
  readonly soname: string
  readonly path: string
  /** Kind of ELF file and machine: see `flagsOf`. */
  readonly flags: number
  readonly osVersion: number
  /** Hardware capabilities; bit 62 marks a subdirectory of glibc-hwcaps. */
  readonly hwcap: bigint
}

export interface Ldcache {
  /** Order: as in the file, which is the order in which the loader searches. */
  readonly entries: readonly LdcacheEntry[]
  /**
   * Subdirectories of glibc-hwcaps (`x86-64-v3`), by the number that an entry's `hwcap` names when bit 62 is set.
   * In the file they are offsets of strings, so they are read and written anew.
   */
  readonly hwcapNames: readonly string[]
  /** The other extensions, as they stand. */
  readonly extensions: readonly LdcacheExtension[]
}

export interface LdcacheExtension {
  readonly tag: number
  readonly flags: number
  readonly content: Uint8Array
}

/** ELF of libc6, and the machine in bits 8 to 15. */
export const flagsOf: { readonly [Machine in "x86-64" | "aarch64" | "i386" | "x32"]: number } = {
  "x86-64": 0x0303,
  aarch64: 0x0a03,
  i386: 0x0003,
  x32: 0x0803,
}
/** An i386 file that nothing ties to libc6. */
export const elfFlags = 0x0001

export const magic = "glibc-ld.so.cache1.1"
export const oldMagic = "ld.so-1.7.0"
export const headerBytes = 48
export const entryBytes = 24
/** Ten times what a grown machine has. */
export const entryLimit = 100_000
/** Longest name or path. Units: bytes. */
export const textLimit = 4096
/** All names and paths together: entries may share texts, so that a small file could have more than memory holds. Units: bytes. */
export const textTotalLimit: number = 16 * 1024 * 1024
/** Units: bytes. */
export const sizeLimit = 32 * 1024 * 1024
export const extensionMagic = 0xeaa42174
/** Tag of the extension that holds the names of glibc-hwcaps subdirectories. */
export const hwcapNamesTag = 1
/** Set in `hwcap`: the entry lies in a subdirectory of glibc-hwcaps, whose number is in the low 32 bits. */
export const hwcapExtensionBit: bigint = 1n << 62n
