/**
 * A part of a machine seen as a root of its own: a driver container's tree, whose absolute links mean its own files.
 * Paths are those inside; `outside` says where something lies on the machine.
 */

import { ok, type Result } from "../fault/result.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import type { ByteRange } from "../text/byte-range.ts"
import { baseName, cleanPath, joinPath, parentPath } from "../text/path.ts"
import type { FileStat, HostFiles, ReadPart } from "./host.ts"
import { resolvePath } from "./resolve-path.ts"

export interface RootView {
  readonly root: HostPath
  lstat(path: string): Result<FileStat>
  readLink(path: string): Result<string>
  readDir(path: string): Result<readonly string[]>
  readFile(path: string, range?: ByteRange): Result<Uint8Array>
  readParts<T>(path: string, use: (read: ReadPart) => T): T
  exists(path: string): boolean
  /** The path with all its links resolved, still as seen from inside. Faults: HostReadFailed (a loop, a file as a directory). */
  resolve(path: string): Result<HostPath>
  outside(path: string): HostPath
  /** As outside, with all links followed as they are meant inside: what the kernel opens there, and not what a link names on the machine. */
  place(path: string): HostPath
  /** Links that were read or resolved, wherever they lead: their goal can change without a trace in their directory. Grows with use. */
  readonly followed: ReadonlySet<HostPath>
}

export function viewRoot(host: HostFiles, root: HostPath): RootView {
  const outside = (path: string): HostPath =>
    hostPath(root === "/" && path.startsWith("/") ? cleanPath(path) : joinPath(root, path))
  // A machine is looked at within moments, and most of its paths share their beginnings.
  const stats = new Map<string, Result<FileStat>>()
  const listings = new Map<string, Result<readonly string[]>>()
  const reader = {
    lstat(path: string): Result<FileStat> {
      const known = stats.get(path)
      if (known !== undefined) return known
      const stat = host.lstat(outside(path))
      stats.set(path, stat)
      return stat
    },
    readLink: (path: string) => host.readLink(outside(path)),
  }
  const followed = new Set<HostPath>()
  /** Where directories really lie, resolved once: a driver's files share a handful of them. */
  const parents = new Map<string, Result<HostPath>>()
  const resolveParent = (path: string): Result<HostPath> => {
    const known = parents.get(path)
    if (known !== undefined) return known
    const resolved = resolvePath(reader, path, "all")
    parents.set(path, resolved)
    return resolved
  }
  const settle = (path: string): string => {
    if (root === "/") return path
    const slash = path.lastIndexOf("/")
    const parent = path.slice(0, slash)
    const resolved = resolveParent(parent)
    const found = resolved.ok ? (resolved.value === "/" ? "" : resolved.value) : parent
    return `${found}${path.slice(slash)}`
  }
  const follow = (path: string): string => {
    if (root === "/") return path
    const resolved = resolvePath(reader, path, "all")
    return resolved.ok ? resolved.value : path
  }
  return {
    root,
    lstat: (path) => reader.lstat(settle(path)),
    readLink(path) {
      const target = host.readLink(outside(settle(path)))
      if (target.ok) followed.add(hostPath(path))
      return target
    },
    readDir(path) {
      const place = outside(follow(path))
      const known = listings.get(place)
      if (known !== undefined) return known
      const listed = host.readDir(place)
      listings.set(place, listed)
      return listed
    },
    readFile: (path, range) => host.readFile(outside(follow(path)), range),
    readParts: (path, use) => host.readParts(outside(follow(path)), use),
    exists: (path) => host.exists(outside(follow(path))),
    resolve(path) {
      const stat = reader.lstat(settle(path))
      if (stat.ok && stat.value.kind === "symlink") followed.add(hostPath(path))
      else if (stat.ok && path !== "/" && path.startsWith("/") && cleanPath(path) === path) {
        const parent = resolveParent(parentPath(path))
        if (parent.ok) return ok(hostPath(joinPath(parent.value, baseName(path))))
      }
      return resolvePath(reader, path, "all")
    },
    outside: (path) => outside(path),
    place: (path) => outside(follow(path)),
    followed,
  }
}
