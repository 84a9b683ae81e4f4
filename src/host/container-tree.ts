/**
 * A container's root as a tree to look for libraries in. Every question goes to the kernel with the root's descriptor as the root of
 * the path (openat2), so that no link of the image, and nobody who swaps directories meanwhile, makes it look outside.
 */

import { closeSync, fstatSync } from "node:fs"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { FileStat, ReadPart } from "../core/host/host.ts"
import { readFault, resolvePath } from "../core/host/resolve-path.ts"
import { createWalkBudget, questionSteps, type WalkBudget } from "../core/ldcache/walk-budget.ts"
import type { ByteRange } from "../core/text/byte-range.ts"
import { errnoOf } from "../linux/checked.ts"
import { readNames } from "../linux/directory-names.ts"
import { openFileInRoot, openFlags, openInRoot, type Root, readLinkAt } from "../linux/in-root.ts"
import { readDescriptor, toFileStat } from "./files/file-system.ts"

/** What `LibraryTree` asks, and device numbers. */
export interface ContainerTree {
  lstat(path: string): Result<FileStat>
  readDir(path: string): Result<readonly string[]>
  readFile(path: string, range?: ByteRange): Result<Uint8Array>
  readParts<T>(path: string, use: (read: ReadPart) => T): T
  resolve(path: string): Result<string>
}

/** What is to be kept and sorted of each name, and asked for each part of a file. Units: steps. */
const nameSteps = 16
const readSteps = 64
/** As many as Linux follows. */
const linkLimit = 40

/** `walk`: what looking at the tree may cost in all, and what is remembered of it. Beyond it everything fails with E2BIG. */
export function viewContainer(root: Root, walk: WalkBudget = createWalkBudget()): ContainerTree {
  const tooMuch = (path: string, syscall: string): Result<never> => fail(readFault(path, syscall, "E2BIG"))
  const open = <T>(
    path: string,
    flags: number,
    use: (descriptor: number) => Result<T>,
    syscall = "open",
  ): Result<T> => {
    if (!walk.spend(questionSteps + path.length)) return tooMuch(path, syscall)
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
    // Also of what is known the path was put together.
    if (!walk.spend(path.length)) return tooMuch(path, "lstat")
    const known = stats.get(path)
    if (known !== undefined) return known
    const stat = open(path, entry, (descriptor) => ok(toFileStat(fstatSync(descriptor))), "lstat")
    stats.set(path, stat)
    return stat
  }
  const readLink = (path: string): Result<string> =>
    open(path, entry, (descriptor) => {
      const text = readLinkAt(descriptor, "")
      if (text === undefined) return fail(readFault(path, "readlink", "EINVAL"))
      return walk.spend(text.length) ? ok(text) : tooMuch(path, "readlink")
    })
  const directories = new Map<string, Result<string>>()
  /** Parents resolved once: libraries share a handful of directories, and most links lead to a file beside them. */
  const resolve = (path: string, links = 0): Result<string> => {
    if (!walk.spend(path.length)) return tooMuch(path, "open")
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
    const isAffordable = walk.spend(questionSteps + path.length)
    const opened = isAffordable ? openFileInRoot(root, path) : tooMuch(path, "open")
    if (!opened.ok) {
      const refused = isAffordable ? fail(readFault(path, "open", errnoOf(opened) ?? "EIO")) : opened
      return use(() => refused)
    }
    try {
      return use((range) => {
        const read = walk.isSpent() ? tooMuch(path, "read") : readDescriptor(opened.value, path, range)
        if (read.ok) walk.spend(readSteps + Math.ceil(read.value.length / 16))
        return read
      })
    } finally {
      closeSync(opened.value)
    }
  }
  return {
    lstat,
    readDir: (path) =>
      open(path, openFlags.directory, (descriptor) => {
        const names = readNames(descriptor, path)
        if (!names.ok) return fail(readFault(path, "readdir", errnoOf(names) ?? "EIO"))
        const steps = names.value.reduce((sum, name) => sum + nameSteps + name.length, 0)
        return walk.spend(steps) ? names : tooMuch(path, "readdir")
      }),
    readFile: (path, range) => readParts(path, (read) => read(range)),
    readParts,
    resolve: (path) => resolve(path),
  }
}
