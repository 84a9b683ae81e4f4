/** The forward compatibility libraries of an image: which there are, and what each says about itself. Links do not count. */

import { parseElfLayout } from "../elf/elf-layout.ts"
import { bytesOrNone } from "../elf/read-parts.ts"
import type { LibraryTree } from "../ldcache/library-tree.ts"
import { type CompatNote, readCompatNote } from "./compat-note.ts"

export const compatDirectory = "/usr/local/cuda/compat"

export interface CompatLibrary {
  /** In the container's root, without a link on the way. */
  readonly path: string
  /** Of the driver that it comes from, as its name says: `550.54.14`. */
  readonly version: string
  readonly note: CompatNote
}

export interface CompatLibraries {
  /** Where the directory really lies. */
  readonly directory: string
  /** Order: by name. */
  readonly libraries: readonly CompatLibrary[]
}

/** More than any image has; each costs reads. */
const libraryLimit = 16

/** `directory`: usually `compatDirectory`. */
export function observeCompat(tree: LibraryTree, directory: string): CompatLibraries {
  const resolved = tree.resolve(directory)
  const names = resolved.ok ? tree.readDir(resolved.value) : resolved
  if (!resolved.ok || !names.ok) return { directory, libraries: [] }
  const libraries = names.value
    .flatMap((name) => {
      const version = /^libcuda\.so\.(.*\..*)$/.exec(name)?.[1]
      return version === undefined ? [] : [{ path: `${resolved.value}/${name}`, version }]
    })
    .filter(({ path }) => {
      const stat = tree.lstat(path)
      return stat.ok && stat.value.kind === "file"
    })
    .slice(0, libraryLimit)
    .map((library) => ({ ...library, note: readNote(tree, library.path) }))
  return { directory: resolved.value, libraries }
}

/** A file that is no ELF file has no note; the loader passes over it. */
function readNote(tree: LibraryTree, path: string): CompatNote {
  return tree.readParts(path, (readPart) => {
    const layout = parseElfLayout(bytesOrNone(readPart))
    return layout.ok ? readCompatNote(layout.value) : { kind: "none" }
  })
}
