/**
 * Following symlinks within a machine, by its own lstat and readLink: an absolute link or `..` never leaves its root.
 * Used for machines that are no live root (a directory, a tree in memory) and for driver roots.
 */

import { type Fault, fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import type { FileStat } from "./host.ts"

export interface LinkReader {
  /** Of a path whose parents are no symlinks. */
  lstat(path: string): Result<FileStat>
  readLink(path: string): Result<string>
}

/** As many as Linux follows. */
const linkLimit = 40
/** As long as Linux takes them. */
const pathLimit = 4096

/** The path with every symlink on the way resolved; the last part too when `follow` says so. It need not exist. */
export function resolvePath(
  reader: LinkReader,
  path: string,
  follow: "all" | "parents",
  noteLink: (link: string) => void = () => undefined,
): Result<HostPath> {
  if (path.length >= pathLimit) return fail(readFault(path, "open", "ENAMETOOLONG"))
  /** The last comes next. */
  const pending = partsOf(path).reverse()
  const resolved: string[] = []
  /** Depth of the first part that is not there: what would lie below it needs no look. */
  let absentAt = Number.POSITIVE_INFINITY
  let links = 0
  while (pending.length > 0) {
    const part = pending.pop() ?? ""
    const hasMore = pending.length > 0
    if (part === "..") {
      resolved.pop()
      if (resolved.length <= absentAt) absentAt = Number.POSITIVE_INFINITY
      continue
    }
    if (resolved.length > absentAt) {
      resolved.push(part)
      continue
    }
    const here = `/${[...resolved, part].join("/")}`
    const stat = hasMore || follow === "all" ? reader.lstat(here) : undefined
    if (stat === undefined || !stat.ok || stat.value.kind !== "symlink") {
      if (stat?.ok === true && hasMore && stat.value.kind !== "directory")
        return fail(readFault(here, "open", "ENOTDIR"))
      if (stat?.ok === false) absentAt = Math.min(absentAt, resolved.length)
      resolved.push(part)
      continue
    }
    if (++links > linkLimit) return fail(readFault(path, "open", "ELOOP"))
    noteLink(here)
    const target = reader.readLink(here)
    if (!target.ok) return target
    if (target.value.startsWith("/")) resolved.length = 0
    pending.push(...partsOf(target.value).reverse())
  }
  return ok(hostPath(`/${resolved.join("/")}`))
}

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".")

/** The one way in which a failed read of a machine becomes a fault. `syscall`: as `open`. `errno`: the kernel's name of it, as `EACCES`. */
export function readFault(path: string, syscall: string, errno: string): Fault {
  const reason =
    errno === "ENOENT" || errno === "ENOTDIR"
      ? "absent"
      : errno === "EACCES" || errno === "EPERM"
        ? "denied"
        : "other"
  return fault("HostReadFailed", { path: hostPath(path), syscall, errno, reason })
}
