/** The libraries of a newer CUDA that an image brings, by their ELF headers. Links do not count, and nothing is read but headers. */

import { observeCompat } from "../core/compat/observe-compat.ts"
import { parseElfFrom } from "../core/elf/parse-elf.ts"
import { bytesOrNone } from "../core/elf/read-parts.ts"
import type { CompatOffer, OfferedLibrary } from "../core/plan/compat-offer.ts"
import { containerPath } from "../core/text/brand.ts"
import { type ContainerTree, viewContainer } from "../host/container-tree.ts"
import type { Root } from "../linux/in-root.ts"

/** More than any image has; each costs reads. */
const libraryLimit = 32
/** A header may claim any size; names of a real library fit. */
const readLimitBytes = 1024 * 1024

/** undefined: nothing is there. */
export function observeCompatOffer(root: Root, place: string): CompatOffer | undefined {
  const tree = viewContainer(root)
  const { directory, libraries: candidates } = observeCompat(tree, place)
  const names = tree.readDir(directory)
  if (!names.ok) return undefined
  const libraries = names.value
    .filter((name) => /^lib[\w.+-]+\.so\.\d[\d.]*$/.test(name))
    .slice(0, libraryLimit)
    .flatMap((name) => readLibrary(tree, `${directory}/${name}`) ?? [])
  return libraries.length === 0 ? undefined : { directory: containerPath(directory), libraries, candidates }
}

function readLibrary(tree: ContainerTree, path: string): OfferedLibrary | undefined {
  const stat = tree.lstat(path)
  if (!stat.ok || stat.value.kind !== "file") return undefined
  const elf = tree.readParts(path, (readPart) => {
    const read = bytesOrNone(readPart)
    return parseElfFrom((offset, length) => read(offset, Math.min(length, readLimitBytes)))
  })
  if (!elf.ok || elf.value.soname === undefined) return undefined
  const { soname, bits, machine } = elf.value
  return { path: containerPath(path), soname, bits, machine }
}
