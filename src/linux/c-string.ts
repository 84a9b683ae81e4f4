/** Text as C wants it, at an address that holds. */

import { encodeUtf8 } from "../core/text/utf8.ts"
import { addressOf, allocate } from "./libc.ts"

/** Longer than any path that the kernel takes: what is longer is cut, and refused by it all the same. */
const textLimit = 8192

const arena = allocate(256 * 1024)
const base = addressOf(arena)
let next = 0

/** Address of a NUL-terminated copy; it holds for the next thirty texts, and a system call takes two. */
export function cString(text: string): number {
  const bytes = encodeUtf8(text.length > textLimit ? text.slice(0, textLimit) : text).subarray(0, textLimit)
  if (next + bytes.length + 1 > arena.length) next = 0
  arena.set(bytes, next)
  arena[next + bytes.length] = 0
  const address = base + next
  next += bytes.length + 1
  return address
}
