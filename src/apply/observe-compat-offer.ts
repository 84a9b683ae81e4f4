/** The libraries of a newer CUDA that an image brings, by their ELF headers. Links do not count, and nothing is read but headers. */

import { closeSync, fstatSync, readdirSync, readSync } from "node:fs"
import { parseElfFrom } from "../core/elf/parse-elf.ts"
import type { CompatLibrary, CompatOffer } from "../core/plan/judge-compat.ts"
import { containerPath } from "../core/text/brand.ts"
import { openFlags, openInRoot, type Root, statInRoot } from "../linux/in-root.ts"

/** More than any image has; each costs reads. */
const libraryLimit = 32
/** A header may claim any size; names of a real library fit. */
const readLimitBytes = 1024 * 1024

export function observeCompatOffer(root: Root, directory: string): CompatOffer | undefined {
  const opened = openInRoot(root, directory, openFlags.directory)
  if (!opened.ok) return undefined
  try {
    const libraries = readdirSync(`/proc/self/fd/${opened.value}`)
      .filter((name) => /^lib[\w.+-]+\.so\.\d[\d.]*$/.test(name))
      .sort()
      .slice(0, libraryLimit)
      .flatMap((name) => readLibrary(root, `${directory}/${name}`) ?? [])
    return libraries.length === 0 ? undefined : { directory: containerPath(directory), libraries }
  } finally {
    closeSync(opened.value)
  }
}

function readLibrary(root: Root, path: string): CompatLibrary | undefined {
  // Looked at before it is opened: opening a device does things.
  if (statInRoot(root, path)?.isFile() !== true) return undefined
  const opened = openInRoot(root, path, openFlags.nonBlock | openFlags.noFollow)
  if (!opened.ok) return undefined
  try {
    if (!fstatSync(opened.value).isFile()) return undefined
    const elf = parseElfFrom((offset, length) => {
      const bytes = new Uint8Array(Math.min(length, readLimitBytes))
      return bytes.subarray(0, readSync(opened.value, bytes, 0, bytes.length, offset))
    })
    if (!elf.ok || elf.value.soname === undefined) return undefined
    const { soname, bits, machine } = elf.value
    return { path: containerPath(path), soname, bits, machine }
  } finally {
    closeSync(opened.value)
  }
}
