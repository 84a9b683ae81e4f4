/** Writes a file so that it is old or new at every moment: beside it, synced, renamed. What is no file is written to as it is. */

import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs"
import type { Result } from "../core/fault/result.ts"
import { attempt } from "./file-system.ts"

/** A link stays, and what it leads to is replaced; a file's mode stays too. `mode`: a new one's. Faults: HostReadFailed. */
export function replaceFile(path: string, text: string, mode: number): Result<true> {
  return attempt(path, "write", () => {
    const bytes = new TextEncoder().encode(text)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat !== undefined && !stat.isFile()) writeThrough(path, bytes)
    else if (stat === undefined) replace(path, bytes, mode)
    else replace(realpathSync(path), bytes, stat.mode & 0o7777)
    return true
  })
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

function replace(path: string, bytes: Uint8Array, mode: number): void {
  const temporary = `${path}.gantry-${process.pid}-${Math.random().toString(36).slice(2)}`
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const descriptor = openSync(temporary, flags, 0o600)
  try {
    try {
      writeAll(descriptor, bytes)
      fchmodSync(descriptor, mode)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
}
