/**
 * A container's root as a tree to look for libraries in. Every question goes to the kernel with the root's descriptor as the root of
 * the path (openat2), so that no link of the image, and nobody who swaps directories meanwhile, makes it look outside.
 */

import { closeSync, fstatSync } from "node:fs"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { ByteRange, FileStat } from "../core/host/host.ts"
import { readFault, resolvePath } from "../core/host/resolve-path.ts"
import { errnoOf } from "../linux/checked.ts"
import { readNames } from "../linux/directory-names.ts"
import { openFlags, openInRoot, type Root, readLinkAt } from "../linux/in-root.ts"
import { readDescriptor, toFileStat } from "./file-system.ts"

/** What `LibraryTree` asks, and device numbers. */
export interface ContainerTree {
  lstat(path: string): Result<FileStat>
  readDir(path: string): Result<readonly string[]>
  readFile(path: string, range?: ByteRange): Result<Uint8Array>
  resolve(path: string): Result<string>
}

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
  const lstat = (path: string): Result<FileStat> =>
    open(path, entry, (descriptor) => ok(toFileStat(fstatSync(descriptor))), "lstat")
  const readLink = (path: string): Result<string> =>
    open(path, entry, (descriptor) => {
      const text = readLinkAt(descriptor, "")
      return text === undefined ? fail(readFault(path, "readlink", "EINVAL")) : ok(text)
    })
  // Most paths share their beginnings, and what they lead to is asked of the kernel again whenever it is used.
  const directories = new Map<string, Result<string>>()
  const resolve = (path: string): Result<string> => {
    const slash = path.lastIndexOf("/")
    const name = path.slice(slash + 1)
    if (slash <= 0 || name === "" || name === "." || name === "..")
      return resolvePath({ lstat, readLink }, path, "all")
    const above = path.slice(0, slash)
    const parent = directories.get(above) ?? resolvePath({ lstat, readLink }, above, "all")
    directories.set(above, parent)
    if (!parent.ok) return parent
    const place = `${parent.value === "/" ? "" : parent.value}/${name}`
    const stat = lstat(place)
    return stat.ok && stat.value.kind === "symlink"
      ? resolvePath({ lstat, readLink }, place, "all")
      : ok(place)
  }
  return {
    lstat,
    readDir: (path) =>
      open(path, openFlags.directory, (descriptor) => {
        const names = readNames(descriptor, path)
        return names.ok ? names : fail(readFault(path, "readdir", errnoOf(names) ?? "EIO"))
      }),
    readFile(path, range) {
      // Looked at before it is opened: opening a device does things.
      const seen = open(path, openFlags.path, (descriptor) => ok(fstatSync(descriptor).isFile()))
      if (!seen.ok) return seen
      return seen.value
        ? open(path, openFlags.nonBlock, (descriptor) => readDescriptor(descriptor, path, range))
        : fail(readFault(path, "read", "EINVAL"))
    },
    resolve,
  }
}
