/** Small files under the state directory: written whole or not at all, read only when they are ours. Never a reason to fail. */

import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs"
import { isOurs } from "./state-directory.ts"

/** What is larger was not written by us. Units: bytes. */
const sizeLimit = 16 * 1024 * 1024

/** The parsed JSON; undefined: absent, unreadable, another user's, or writable by others. */
export function readState(file: string): unknown {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(descriptor)
      const isSafe =
        stat.isFile() &&
        stat.uid === process.getuid?.() &&
        (stat.mode & 0o022) === 0 &&
        stat.size <= sizeLimit
      return isSafe ? JSON.parse(readFileSync(descriptor, "utf8")) : undefined
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return undefined
  }
}

export function writeState(directory: string, file: string, content: unknown): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (!isOurs(directory)) return
    const temporary = `${file}.${process.pid}`
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
    const descriptor = openSync(temporary, flags, 0o600)
    const text = new TextEncoder().encode(JSON.stringify(content))
    for (let at = 0; at < text.length; ) at += writeSync(descriptor, text, at)
    closeSync(descriptor)
    renameSync(temporary, file)
  } catch {
    // Who comes next looks again.
  }
}

/** FNV-1a, 32 bits: names files apart; the key inside decides. */
export function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, "0")
}
