/**
 * A container's root as a tree to look for libraries in. Every question goes to the kernel with the root's descriptor as the root of
 * the path (openat2), so that no link of the image, and nobody who swaps directories meanwhile, makes it look outside.
 */

import { closeSync, fstatSync } from "node:fs"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { ByteRange, FileStat, ReadPart } from "../core/host/host.ts"
import { readFault, resolvePath } from "../core/host/resolve-path.ts"
import { errnoOf } from "../linux/checked.ts"
import { readNames } from "../linux/directory-names.ts"
import { openFileInRoot, openFlags, openInRoot, type Root, readLinkAt } from "../linux/in-root.ts"
import { readDescriptor, toFileStat } from "./file-system.ts"

/** What `LibraryTree` asks, and device numbers. */
export interface ContainerTree {
  lstat(path: string): Result<FileStat>
  readDir(path: string): Result<readonly string[]>
  readFile(path: string, range?: ByteRange): Result<Uint8Array>
  readParts<T>(path: string, use: (read: ReadPart) => T): T
  resolve(path: string): Result<string>
}

/** As many as Linux follows. */
const linkLimit = 40

export function viewContainer(root: Root): ContainerTree {
  const open = <T>(
    path: string,
    flags: number,
    use: (descriptor: number) => Result<T>,
    syscall = "open",
  ): Result<T> => {
    const opened = openInRoot(root, path, flags)
    if (!opened.ok) return fail(readFault(path, syscall, errnoOf(opened) ?? "EIO"))
    try {
      return use(opened.value)
    } finally {
      closeSync(opened.value)
    }
  }
  const entry = openFlags.path | openFlags.noFollow
  // A root is looked at within moments, and what is found is asked of the kernel again when it is used.
  const stats = new Map<string, Result<FileStat>>()
  const lstat = (path: string): Result<FileStat> => {
    const known = stats.get(path)
    if (known !== undefined) return known
    const stat = open(path, entry, (descriptor) => ok(toFileStat(fstatSync(descriptor))), "lstat")
    stats.set(path, stat)
    return stat
  }
  const readLink = (path: string): Result<string> =>
    open(path, entry, (descriptor) => {
      const text = readLinkAt(descriptor, "")
      return text === undefined ? fail(readFault(path, "readlink", "EINVAL")) : ok(text)
    })
  const directories = new Map<string, Result<string>>()
  /** Parents resolved once: libraries share a handful of directories, and most links lead to a file beside them. */
  const resolve = (path: string, links = 0): Result<string> => {
    const slash = path.lastIndexOf("/")
    const name = path.slice(slash + 1)
    if (slash <= 0 || name === "" || name === "." || name === "..")
      return resolvePath({ lstat, readLink }, path, "all")
    const above = path.slice(0, slash)
    const parent = directories.get(above) ?? resolvePath({ lstat, readLink }, above, "all")
    directories.set(above, parent)
    if (!parent.ok) return parent
    const directory = parent.value === "/" ? "" : parent.value
    const stat = lstat(`${directory}/${name}`)
    if (!stat.ok || stat.value.kind !== "symlink") return ok(`${directory}/${name}`)
    if (links === linkLimit) return fail(readFault(path, "open", "ELOOP"))
    const text = readLink(`${directory}/${name}`)
    if (!text.ok) return text
    return resolve(text.value.startsWith("/") ? text.value : `${directory}/${text.value}`, links + 1)
  }
  const readParts = <T>(path: string, use: (read: ReadPart) => T): T => {
    const opened = openFileInRoot(root, path)
    if (!opened.ok) {
      const refused = fail(readFault(path, "open", errnoOf(opened) ?? "EIO"))
      return use(() => refused)
    }
    try {
      return use((range) => readDescriptor(opened.value, path, range))
    } finally {
      closeSync(opened.value)
    }
  }
  return {
    lstat,
    readDir: (path) =>
      open(path, openFlags.directory, (descriptor) => {
        const names = readNames(descriptor, path)
        return names.ok ? names : fail(readFault(path, "readdir", errnoOf(names) ?? "EIO"))
      }),
    readFile: (path, range) => readParts(path, (read) => read(range)),
    readParts,
    resolve: (path) => resolve(path),
  }
}
