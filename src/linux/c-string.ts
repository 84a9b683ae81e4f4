/** Text as C wants it, at an address that holds. */

import { encodeUtf8 } from "../core/text/utf8.ts"
import { addressOf, allocate } from "./libc.ts"

/** Longer than any path that the kernel takes: what is longer is cut, and refused by it all the same. Units: UTF-16 code units. */
const textLimit = 8192
/** UTF-8 has no more bytes for a code unit. */
const widest = 3

const arena = allocate(256 * 1024)
const base = addressOf(arena)
const encoder = new TextEncoder()
let next = 0

/** Address of a NUL-terminated copy; it holds for the next eight texts, and a system call takes two. */
export function cString(text: string): number {
  const kept = text.length > textLimit ? text.slice(0, textLimit) : text
  if (next + kept.length * widest + 1 > arena.length) next = 0
  const length = writeText(kept, next)
  arena[next + length] = 0
  const address = base + next
  next += length + 1
  return address
}

/** A start writes a hundred: what is no UTF-8 takes the longer way. */
function writeText(text: string, at: number): number {
  if (text.isWellFormed()) return encoder.encodeInto(text, arena.subarray(at)).written
  const bytes = encodeUtf8(text)
  arena.set(bytes, at)
  return bytes.length
}
