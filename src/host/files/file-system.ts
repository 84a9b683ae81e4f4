/** The questions of the Host port, asked of a real directory tree through node:fs, synchronously. */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  type Stats,
  statSync,
} from "node:fs"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { FileKind, FileStat, ReadPart } from "../../core/host/host.ts"
import { readFault } from "../../core/host/resolve-path.ts"
import type { ByteRange } from "../../core/text/byte-range.ts"
import { readUpTo } from "./read-up-to.ts"
import { uninterrupted } from "./uninterrupted.ts"

/** Driver libraries reach 250 MB; nothing that is read whole comes near. Units: bytes. */
const sizeLimit = 64 * 1024 * 1024

/** What node:fs throws as a fault. In all of this file `path` is where a file lies, `shown` what the machine calls it. Faults: HostReadFailed. */
export function attempt<T>(shown: string, syscall: string, action: () => T): Result<T> {
  try {
    return ok(action())
  } catch (error) {
    return fail(readFault(shown, syscall, (error as { readonly code?: string }).code ?? "EIO"))
  }
}

export function lstatAt(path: string, shown: string): Result<FileStat> {
  // Absent is the common answer where several places are tried, and an exception costs more than the question.
  const outcome = attempt(shown, "lstat", () => lstatSync(path, { throwIfNoEntry: false }))
  if (!outcome.ok) return outcome
  return outcome.value === undefined
    ? fail(readFault(shown, "lstat", "ENOENT"))
    : ok(toFileStat(outcome.value))
}

export const readLinkAt = (path: string, shown: string): Result<string> =>
  attempt(shown, "readlink", () => readlinkSync(path))

export const readDirAt = (path: string, shown: string): Result<readonly string[]> =>
  attempt(shown, "readdir", () => uninterrupted(() => readdirSync(path)).sort())

export const readFileAt = (path: string, shown: string, range: ByteRange | undefined): Result<Uint8Array> =>
  readPartsAt(path, shown, (read) => read(range))

export function readPartsAt<T>(path: string, shown: string, use: (read: ReadPart) => T): T {
  const opened = openAt(path, shown)
  if (!opened.ok) return use(() => opened)
  try {
    return use((range) => readDescriptor(opened.value, shown, range))
  } finally {
    closeSync(opened.value)
  }
}

/** Looked at before it is opened: opening a device does things. The kernel's own trees have none, and are read most. */
function openAt(path: string, shown: string): Result<number> {
  if (!path.startsWith("/proc/") && !path.startsWith("/sys/")) {
    const before = attempt(shown, "open", () => statSync(path))
    if (!before.ok) return before
    if (!before.value.isFile()) return notAFile(before.value, shown)
  }
  return attempt(shown, "open", () =>
    openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY),
  )
}

/** Content of what was opened, when it is a regular file. The descriptor stays open. */
export function readDescriptor(descriptor: number, shown: string, range?: ByteRange): Result<Uint8Array> {
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) return notAFile(stat, shown)
    if (range !== undefined)
      return ok(readUpTo(descriptor, stat.size - range.offsetBytes, range.lengthBytes, range.offsetBytes))
    const bytes = stat.size > sizeLimit ? undefined : readUpTo(descriptor, stat.size, sizeLimit + 1)
    return bytes === undefined || bytes.length > sizeLimit
      ? fail(readFault(shown, "read", "EFBIG"))
      : ok(bytes)
  } catch (error) {
    return fail(readFault(shown, "read", (error as { readonly code?: string }).code ?? "EIO"))
  }
}

const notAFile = (stat: Stats, shown: string): Result<never> =>
  fail(readFault(shown, "read", stat.isDirectory() ? "EISDIR" : "EINVAL"))

export function toFileStat(stats: Stats): FileStat {
  const kind = kindOf(stats)
  const isNode = kind === "character" || kind === "block"
  return {
    kind,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    sizeBytes: kind === "file" ? stats.size : 0,
    major: isNode ? majorOf(stats.rdev) : 0,
    minor: isNode ? minorOf(stats.rdev) : 0,
  }
}

function kindOf(stats: Stats): FileKind {
  if (stats.isFile()) return "file"
  if (stats.isDirectory()) return "directory"
  if (stats.isSymbolicLink()) return "symlink"
  if (stats.isCharacterDevice()) return "character"
  if (stats.isBlockDevice()) return "block"
  return stats.isFIFO() ? "fifo" : "socket"
}

/** Linux packs a device number as 12 bits of minor split around 12 bits of major. Source: gnu_dev_major(3). */
const majorOf = (rdev: number): number => Math.floor(rdev / 256) & 0xfff
const minorOf = (rdev: number): number => (rdev & 0xff) | (Math.floor(rdev / 4096) & 0xfff00)
