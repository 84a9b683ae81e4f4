/**
 * Reading the files and the standard input that a command is given: bounded, and never waiting for what may not come.
 * Whatever lies at a path, this returns within moments: a FIFO, a device, a terminal or a huge file is a fault.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs"
import { errnoText } from "../../core/fault/errno.ts"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { parseJson } from "../../core/oci/json.ts"
import { readUpTo } from "./read-up-to.ts"

export type InputName = "configuration file" | "container state" | "OCI spec" | "listing"

/** Units: bytes. Far above anything real, far below what would cost a second. */
const sizeLimit = 8 * 1024 * 1024

/** How long a pipe may stay silent before it counts as empty. Units: milliseconds. */
const idleLimitMs = 5000

const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)

const errnoOf = (error: unknown): string => (error as { readonly code?: string }).code ?? "EIO"

/** Faults: InputUnreadable. `ENOENT` in its errno means that there is no such file. */
export function readText(what: InputName, path: string): Result<string> {
  const unreadable = (syscall: string, errno: string, problem: string): Result<never> =>
    fail(fault("InputUnreadable", { what, path, syscall, errno, problem }))
  let descriptor: number
  try {
    if (path.includes("\0")) return unreadable("open", "EINVAL", "invalid argument")
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (error) {
    return unreadable("open", errnoOf(error), errnoText(errnoOf(error)))
  }
  try {
    const stat = fstatSync(descriptor)
    if (stat.isDirectory()) return unreadable("read", "EISDIR", "is a directory")
    if (!stat.isFile()) return unreadable("read", "EINVAL", "is not a regular file")
    if (stat.size > sizeLimit) return unreadable("read", "EFBIG", `is larger than ${sizeLimit} bytes`)
    const bytes = readUpTo(descriptor, stat.size, sizeLimit + 1)
    return bytes.length > sizeLimit
      ? unreadable("read", "EFBIG", `is larger than ${sizeLimit} bytes`)
      : ok(decode(bytes))
  } catch (error) {
    return unreadable("read", errnoOf(error), errnoText(errnoOf(error)))
  } finally {
    closeSync(descriptor)
  }
}

/** What node:fs cannot tell of a descriptor. */
export interface DescriptorCalls {
  isTerminal(descriptor: number): boolean
  /** Blocks until input is there or the time is over; was it there? */
  waitReadable(descriptor: number, timeoutMs: number): boolean
}

/**
 * The container state from standard input: up to the end of its JSON value or of the input, whichever comes first, because
 * not every caller closes the pipe.
 */
export function readState(calls: DescriptorCalls): Result<string> {
  const unreadable = (errno: string, problem: string): Result<never> =>
    fail(
      fault("InputUnreadable", {
        what: "container state",
        path: "standard input",
        syscall: "read",
        errno,
        problem,
      }),
    )
  if (calls.isTerminal(0)) return unreadable("ENOTTY", "is a terminal")
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    if (!calls.waitReadable(0, idleLimitMs))
      return unreadable("ETIMEDOUT", `nothing came for ${idleLimitMs / 1000} seconds`)
    const chunk = new Uint8Array(65536)
    let count: number
    try {
      count = readSync(0, chunk, 0, chunk.length, null)
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === "EAGAIN") continue
      if (errno === "EOF") break
      return unreadable(errno, errnoText(errno))
    }
    if (count === 0) break
    chunks.push(chunk.subarray(0, count))
    length += count
    if (length > sizeLimit) return unreadable("EFBIG", `is larger than ${sizeLimit} bytes`)
    const last = chunk[count - 1]
    const mayBeComplete = last === 0x7d || last === 0x0a || count < chunk.length
    if (mayBeComplete && length < 1024 * 1024) {
      const text = decode(join(chunks, length))
      const outcome = parseJson(text)
      if (outcome.ok || !outcome.isCut) return ok(text)
    }
  }
  return ok(decode(join(chunks, length)))
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
