/** Libraries as an image or a grown host has them: real ELF files with names of all kinds. */

import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { renderElf } from "../src/core/elf/render-elf.ts"

const directory = "/usr/lib/x86_64-linux-gnu"

/** Names as images have them: words, versions of one to three numbers. */
function libraryName(index: number): string {
  const words = [
    "boost",
    "avcodec",
    "gtk",
    "icu",
    "llvm",
    "ssl",
    "xcb",
    "python",
    "torch",
    "cublas",
    "glib",
    "mpi",
  ]
  const word = (step: number): string => words[Math.floor(index / step) % words.length] ?? ""
  return `lib${word(1)}-${word(12)}_${word(144)}${index >= 1728 ? word(1728) : ""}.so.${index % 7}`
}

/** Adds them to a root, with the configuration by which ldconfig finds them. */
export function addLibraries(root: string, count: number): void {
  mkdirSync(join(root, directory), { recursive: true })
  mkdirSync(join(root, "etc"), { recursive: true })
  writeFileSync(join(root, "etc/ld.so.conf"), `${directory}\n`)
  for (let index = 0; index < count; index++) {
    const soname = libraryName(index)
    const file = renderElf({ machine: "x86-64", soname, needed: ["libc.so.6"], symbol: "x", answer: index })
    writeFileSync(join(root, directory, soname), file)
  }
}
