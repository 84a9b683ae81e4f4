/**
 * The one door to the kernel: libc's `syscall` through FFI, and errno. Every system call that node:fs lacks goes through here.
 * `syscall` with 64-bit arguments serves every call on x86-64 and arm64; buffers are passed by address and must stay
 * reachable, and unmoved, until the call returns.
 */

import { dlopen, FFIType, ptr, read } from "bun:ffi"

const { i64_fast: word, ptr: pointer } = FFIType

const libc = dlopen("libc.so.6", {
  syscall: { args: [word, word, word, word, word, word, word], returns: word },
  __errno_location: { args: [], returns: pointer },
})

const { syscall, __errno_location: errnoLocation } = libc.symbols

/** Result of a raw call: what the kernel returned, or -1 with the number of the error. */
export interface Returned {
  readonly value: number
  readonly errno: number
}

export function systemCall(
  number: number,
  a: number | bigint = 0,
  b: number | bigint = 0,
  c: number | bigint = 0,
  d: number | bigint = 0,
  e: number | bigint = 0,
  f: number | bigint = 0,
): Returned {
  const value = Number(syscall(number, a, b, c, d, e, f))
  if (value !== -1) return { value, errno: 0 }
  const location = errnoLocation()
  return { value, errno: location === null ? 5 : read.i32(location, 0) }
}

const held: Uint8Array[] = []

/**
 * A buffer whose address may be given to the kernel: it is never collected, because nobody sees that an address is still in use.
 * The processes that come here live for milliseconds. Above a thousand bytes a buffer is not moved either.
 */
export function allocate(sizeBytes: number): Uint8Array {
  const buffer = new Uint8Array(Math.max(sizeBytes, 1024))
  held.push(buffer)
  return buffer
}

/** The address of a buffer from `allocate`. */
export const addressOf = (buffer: Uint8Array): number => ptr(buffer)
