/**
 * In what the ldconfigs of distributions differ: where they look without being told, and which subdirectories mean something.
 * Source: observed on Debian 12 (glibc 2.36). The directories of distributions with `lib64` are those of an unchanged glibc, whose
 * ldconfig looks in `lib`, `lib64` and `libx32` (arm64: `libilp32`) where it was built for `lib64`; those were not observed here.
 */

import type { LibraryTree } from "./library-tree.ts"

export interface LdconfigRules {
  readonly machine: "x86-64" | "aarch64"
  /** Searched after those of the configuration. Order: of search. */
  readonly trustedDirectories: readonly string[]
  /** Up to glibc 2.36: subdirectories named after a processor (`haswell`), or `tls`. */
  readonly hasProcessorSubdirectories: boolean
}

const multiarchOf = { "x86-64": "x86_64-linux-gnu", aarch64: "aarch64-linux-gnu" } as const

/** What the tree's own distribution does, as far as its directories tell. */
export function observeLdconfigRules(tree: LibraryTree, machine: LdconfigRules["machine"]): LdconfigRules {
  return {
    machine,
    trustedDirectories: observeTrustedDirectories(tree, machine),
    hasProcessorSubdirectories: machine === "x86-64",
  }
}

function observeTrustedDirectories(tree: LibraryTree, machine: LdconfigRules["machine"]): readonly string[] {
  const multiarch = multiarchOf[machine]
  const isThere = (path: string): boolean => {
    const resolved = tree.resolve(path)
    return resolved.ok && tree.lstat(resolved.value).ok
  }
  if (["/etc/debian_version", `/lib/${multiarch}`, `/usr/lib/${multiarch}`].some(isThere))
    return [`/lib/${multiarch}`, `/usr/lib/${multiarch}`, "/lib", "/usr/lib"]
  const resolved = tree.resolve("/usr/lib64")
  const ending = machine === "x86-64" ? "x32" : "ilp32"
  const widths = (base: string): readonly string[] => [base, `${base}64`, `${base}${ending}`]
  // One directory for all: then it is known by that name.
  if (resolved.ok && resolved.value === "/usr/lib") return widths("/usr/lib")
  return [...widths("/lib"), ...widths("/usr/lib")]
}

/** The number that an entry's `hwcap` has for a library in such a subdirectory; nested ones add up. Source: observed, x86-64. */
export const processorSubdirectories: ReadonlyMap<string, bigint> = new Map([
  ["sse2", 1n << 0n],
  ["x86_64", 1n << 1n],
  ["avx512_1", 1n << 2n],
  ["i586", 1n << 48n],
  ["i686", 1n << 49n],
  ["haswell", 1n << 50n],
  ["xeon_phi", 1n << 51n],
  ["tls", 1n << 63n],
])
