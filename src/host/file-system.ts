/** The questions of the Host port, asked of a real directory tree through node:fs, synchronously. */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { ByteRange, FileKind, FileStat } from "../core/host/host.ts"
import { readFault } from "../core/host/resolve-path.ts"

/** Driver libraries reach 250 MB; nothing that is read whole comes near. Units: bytes. */
const sizeLimit = 64 * 1024 * 1024

/** Most files of a machine are small and many: reading each into fresh memory would cost more than reading it. */
const scratch = new Uint8Array(65536)

/** `path` is where the file lies; `shown` is what the machine calls it, for faults. */
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
  attempt(shown, "readdir", () => readdirSync(path).sort())

export function readFileAt(path: string, shown: string, range: ByteRange | undefined): Result<Uint8Array> {
  const opened = attempt(shown, "open", () =>
    openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY),
  )
  if (!opened.ok) return opened
  try {
    const stat = fstatSync(opened.value)
    if (!stat.isFile()) return fail(readFault(shown, "read", stat.isDirectory() ? "EISDIR" : "EINVAL"))
    if (range === undefined && stat.size > sizeLimit) return fail(readFault(shown, "read", "EFBIG"))
    // Files of proc and sysfs say size 0 or 4096 and mean something else.
    const wanted = range?.lengthBytes ?? Math.max(stat.size + 1, scratch.length)
    const buffer = wanted <= scratch.length ? scratch : new Uint8Array(wanted)
    let length = 0
    while (length < wanted) {
      const position = range === undefined ? null : range.offsetBytes + length
      const count = readSync(opened.value, buffer, length, wanted - length, position)
      if (count === 0) break
      length += count
    }
    return ok(buffer === scratch ? scratch.slice(0, length) : buffer.subarray(0, length))
  } catch (error) {
    return fail(readFault(shown, "read", (error as { readonly code?: string }).code ?? "EIO"))
  } finally {
    closeSync(opened.value)
  }
}

function toFileStat(stats: Stats): FileStat {
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
