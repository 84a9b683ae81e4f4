/** Writes a file so that it is old or new at every moment: beside it, synced, renamed. What is no file is written to as it is. */

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs"
import type { Result } from "../../core/fault/result.ts"
import { baseName, parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { tryLock } from "../../linux/lock.ts"
import { attempt } from "./file-system.ts"
import { uninterrupted } from "./uninterrupted.ts"

/**
 * A link stays, and what it leads to is replaced; a file's mode and owner stay too. `mode`: a new one's. `lock`: of the directory where it
 * lies. Faults: HostReadFailed.
 */
export function replaceFile(
  path: string,
  text: string,
  mode: number,
  lock: DirectoryLock = "take",
): Result<true> {
  return attempt(path, "write", () => {
    const bytes = encodeUtf8(text)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat !== undefined && !stat.isFile()) writeThrough(path, bytes)
    else
      replace(
        whereItLies(path),
        bytes,
        { mode: stat === undefined ? mode : stat.mode & 0o7777, owner: stat },
        lock,
      )
    return true
  })
}

/**
 * Where links at the end of a path lead, there or not; of more than the kernel follows, to one of them. They are read one by one: what the kernel
 * says of a file that another process replaces meanwhile is a name that no file has any more.
 */
export function whereItLies(path: string): string {
  let place = absolute(path)
  for (let links = 0; links < 40 && isLink(place); links++) {
    const target = readlinkSync(place)
    place = target.startsWith("/") ? target : `${parentPath(place)}/${target}`
  }
  return place
}

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true

/** With every `..` in it left to the kernel: after a link it leads elsewhere than it reads. */
const absolute = (path: string): string => (path.startsWith("/") ? path : `${process.cwd()}/${path}`)

/** Of the directory: this call is to take it, its caller holds it, or has waited for it in vain and waits no more. */
export type DirectoryLock = "take" | "held" | "missed"

/**
 * What lies there gives way, a link too: nothing of another place is touched, and mode and owner are a new file's. Faults: HostReadFailed.
 */
export function putFile(
  path: string,
  bytes: Uint8Array,
  mode: number,
  lock: DirectoryLock = "take",
): Result<true> {
  return attempt(path, "write", () => {
    replace(absolute(path), bytes, { mode }, lock)
    return true
  })
}

interface Kept {
  readonly mode: number
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined
}

/** /dev/stdout, a FIFO; a directory fails. */
function writeThrough(path: string, bytes: Uint8Array): void {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NOCTTY)
  try {
    writeAll(descriptor, bytes)
  } finally {
    closeSync(descriptor)
  }
}

function replace(path: string, bytes: Uint8Array, kept: Kept, lock: DirectoryLock): void {
  const directory = lock === "take" ? openIfReadable(parentPath(path)) : undefined
  try {
    // Whoever writes holds the lock, so that what lies there was left by one who was killed.
    if (lock === "held" || (directory !== undefined && lockWithin(directory, lockLimitMs)))
      removeLeftovers(path)
    replaceAlone(path, bytes, kept)
  } finally {
    if (directory !== undefined) closeSync(directory)
  }
}

/** undefined: it cannot be read, and so not be locked. */
export function openIfReadable(directory: string): number | undefined {
  try {
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch {
    return undefined
  }
}

/** Far longer than it takes to write a file. Who has waited so long writes all the same. Units: milliseconds. */
export const lockLimitMs = 5000

/** false: others held it all the time, or nobody can. */
function lockWithin(descriptor: number, limitMs: number): boolean {
  const deadline = performance.now() + limitMs
  for (;;) {
    const outcome = tryLock(descriptor)
    if (outcome !== "held") return outcome === "taken"
    if (performance.now() > deadline) return false
    Bun.sleepSync(1)
  }
}

/** Of the names under which a file lies beside its place, before a process's number. A name has 255 bytes at most, with all that follows. */
const temporaryStart = (path: string): string => `${baseName(path).slice(0, 60)}.gantry-`

function removeLeftovers(path: string): void {
  const prefix = temporaryStart(path)
  for (const name of namesIn(parentPath(path)))
    if (name.startsWith(prefix) && /^\d+-[0-9a-z]*$/.test(name.slice(prefix.length)))
      removeIfPossible(`${parentPath(path)}/${name}`)
}

/** Empty also where they cannot be listed: what was left there is in nobody's way. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Another user's, a directory that somebody called so, a place that takes nothing back: no reason not to write, nor to be told of one. */
function removeIfPossible(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It stays, under a name that nobody reads.
  }
}

function replaceAlone(path: string, bytes: Uint8Array, { mode, owner }: Kept): void {
  const temporary = `${parentPath(path)}/${temporaryStart(path)}${process.pid}-${Math.random().toString(36).slice(2)}`
  // What is new is no link either.
  const descriptor = openSync(temporary, "wx", 0o600)
  try {
    try {
      writeAll(descriptor, bytes)
      if (owner !== undefined && (owner.uid !== process.getuid?.() || owner.gid !== process.getgid?.()))
        fchownSync(descriptor, owner.uid, owner.gid)
      fchmodSync(descriptor, mode)
      uninterrupted(() => fsyncSync(descriptor))
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (error) {
    removeIfPossible(temporary)
    throw error
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
}
