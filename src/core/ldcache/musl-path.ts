/**
 * Musl's loader has no cache: it searches the directories of one file, or its default when there is no such file.
 * Source: musl 1.2, ldso: `/etc/ld-musl-ARCH.path`, directories parted by colons or line breaks, no comments; an empty file means
 * no directory at all. The default is that of an unchanged musl; Debian's and Alpine's packages bring a file or keep to it.
 */

import type { ElfMachine } from "../elf/elf.ts"

export const muslDefaultDirectories: readonly string[] = ["/lib", "/usr/local/lib", "/usr/lib"]

const nameOf: { readonly [Machine in Exclude<ElfMachine, "other">]: string } = {
  "x86-64": "x86_64",
  aarch64: "aarch64",
  i386: "i386",
}

/** Where a machine's loader lies: who has it has musl. */
export const muslLoaderFile = (machine: Exclude<ElfMachine, "other">): string =>
  `/lib/ld-musl-${nameOf[machine]}.so.1`

/** Where the loader of a machine looks for its directories. */
export const muslPathFile = (machine: Exclude<ElfMachine, "other">): string =>
  `/etc/ld-musl-${nameOf[machine]}.path`

/** Order: of search. `text`: content of the file; undefined: there is none. */
export function parseMuslPath(text: string | undefined): readonly string[] {
  return text === undefined ? muslDefaultDirectories : text.split(/[:\n]/).filter((one) => one !== "")
}

/**
 * The file's content with the directories searched too, after all others. undefined: nothing has to be written.
 * What stands there stays as it is.
 */
export function mergeMuslPath(text: string | undefined, directories: readonly string[]): string | undefined {
  const known = new Set(parseMuslPath(text))
  const missing = [...new Set(directories)].filter((directory) => !known.has(directory))
  if (missing.length === 0) return undefined
  const before = text ?? muslDefaultDirectories.join("\n")
  const joint = before === "" || /[:\n]$/.test(before) ? "" : "\n"
  return `${before}${joint}${missing.join("\n")}\n`
}
