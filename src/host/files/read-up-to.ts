/**
 * Reading files by the plainest calls that there are. node:fs's own readFileSync is worked out when it is first called, which costs a start as
 * much as a dozen of these.
 */

import { closeSync, constants, openSync, readSync } from "node:fs"
import { decodeUtf8 } from "../../core/text/utf8.ts"

/** What one call after the other is read into: most files are small, and to make such a buffer costs more than to read them. Units: bytes. */
const scratch = new Uint8Array(4096)

/**
 * Of an opened file what stands there, up to a limit. Files of proc and sysfs say size 0 or 4096 and mean something else: read to their end,
 * whatever is expected. Without an offset from where the descriptor stands. Throws as readSync does. Units: bytes.
 */
export function readUpTo(
  descriptor: number,
  expectedBytes: number,
  limitBytes: number,
  offsetBytes?: number,
): Uint8Array {
  // One more than is expected tells at once that there is no more.
  const size = Math.min(limitBytes, Math.max(expectedBytes + 1, scratch.length))
  let buffer = size <= scratch.length ? scratch.subarray(0, size) : new Uint8Array(size)
  let length = 0
  for (;;) {
    const position = offsetBytes === undefined ? null : offsetBytes + length
    const count = readSync(descriptor, buffer, length, buffer.length - length, position)
    length += count
    if (count === 0 || length === limitBytes)
      return buffer.buffer === scratch.buffer ? buffer.slice(0, length) : buffer.subarray(0, length)
    if (length < buffer.length) continue
    const larger = new Uint8Array(Math.min(limitBytes, buffer.length * 2))
    larger.set(buffer)
    buffer = larger
  }
}

/** The largest file of the kernel's is an environment, of six mebibytes at most. Source: execve(2), bprm_stack_limits. Units: bytes. */
export const kernelLimit = 8 * 1024 * 1024

/** Of a file of the kernel's, or of this program's own: what lies there is trusted to be one. Throws as openSync does. */
export function readSmallFile(path: string): Uint8Array {
  const descriptor = openSync(path, constants.O_RDONLY)
  try {
    return readUpTo(descriptor, 0, kernelLimit)
  } finally {
    closeSync(descriptor)
  }
}

/** Empty: there is none, or it cannot be read. */
export function readSmallText(path: string): string {
  try {
    return decodeUtf8(readSmallFile(path))
  } catch {
    return ""
  }
}
