/** Small files under the state directory: written whole or not at all, read only when they are ours. Never a reason to fail. */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs"
import { decodeUtf8 } from "../../core/text/utf8.ts"
import { readUpTo } from "../files/read-up-to.ts"
import { type Stamp, stampOf } from "./stamp.ts"
import { isOurs } from "./state-directory.ts"

/** What is larger was not written by us. Units: bytes. */
const sizeLimit = 16 * 1024 * 1024

/** The parsed JSON; undefined: there is none that may be believed. */
export function readState(directory: string, file: string): unknown {
  const text = readStateText(directory, file)
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** undefined: see readOurs. */
export const readStateText = (directory: string, file: string): string | undefined =>
  readOurs(directory, file, (descriptor, sizeBytes) => decodeUtf8(readUpTo(descriptor, sizeBytes, sizeLimit)))

/** undefined: absent, unreadable, another user's, or writable by others; so is a directory that is not ours alone. */
export function readOurs<T>(
  directory: string,
  file: string,
  use: (descriptor: number, sizeBytes: number) => T,
): T | undefined {
  try {
    if (!isOurs(directory)) return undefined
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(descriptor)
      const isSafe =
        stat.isFile() &&
        stat.uid === process.getuid?.() &&
        (stat.mode & 0o022) === 0 &&
        stat.size <= sizeLimit
      return isSafe ? use(descriptor, stat.size) : undefined
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return undefined
  }
}

/** As JSON; else as writeStateText. */
export const writeState = (directory: string, file: string, content: unknown): Stamp | undefined =>
  writeStateText(directory, file, JSON.stringify(content))

/** The stamp of what was written, whoever writes next; undefined: nothing was. */
export function writeStateText(directory: string, file: string, text: string): Stamp | undefined {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (!isOurs(directory)) return undefined
    removeLeftovers(directory)
    // Process numbers are not enough: containers share this directory and not their numbers.
    const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    const descriptor = openSync(temporary, flags, 0o600)
    try {
      const bytes = new TextEncoder().encode(text)
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
      renameSync(temporary, file)
      return stampOf(file, fstatSync(descriptor))
    } catch {
      rmSync(temporary, { force: true })
      return undefined
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // Who comes next looks again.
    return undefined
  }
}

/** What is unfinished and older was left by a process that was killed. Units: milliseconds. */
export const writingLifeMs = 60 * 1000

/** Whoever was killed while writing left a file behind. */
function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory))
    if (/^[\w-]+(?:\.json)?\.\d+\.\w+$/.test(name) && !isYoung(`${directory}/${name}`, writingLifeMs))
      forgetState(`${directory}/${name}`)
}

export function forgetState(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // Another user's: within a user namespace the machine's directory is nobody's that this process knows.
  }
}

/** For a file. Where there are as many as that, the older half goes at once, so that few look; what takes its own place needs none. */
export function makeRoom(directory: string, file: string, pattern: RegExp, capacity: number): void {
  const files = listStates(directory, pattern)
  if (files.length < capacity || files.includes(file)) return
  const aged = files.map((file) => ({
    file,
    timeMs: lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  }))
  aged.sort((one, other) => one.timeMs - other.timeMs)
  for (const { file } of aged.slice(0, capacity / 2)) forgetState(file)
}

export function listStates(directory: string, pattern: RegExp): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => pattern.test(name))
      .map((name) => `${directory}/${name}`)
  } catch {
    // There is no such directory yet.
    return []
  }
}

/** Also a file from the future is not young: the clock was set back, and nobody knows how old it is. */
export function isYoung(file: string, lifeMs: number): boolean {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  return stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) < lifeMs
}

/** Tells files apart by name; the key inside decides. */
export const hashOf = (text: string): string => Bun.hash(text).toString(16).padStart(16, "0")
