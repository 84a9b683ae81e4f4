/** Names in a directory that is known by its descriptor only: node:fs reads directories by their paths. Source: getdents64(2). */

import { ok, type Result } from "../core/fault/result.ts"
import { decodeUtf8 } from "../core/text/utf8.ts"
import { call } from "./checked.ts"
import { addressOf, allocate } from "./libc.ts"

const buffer = allocate(64 * 1024)
const view = new DataView(buffer.buffer)
/** Before the name: inode, place, length of the record, kind. Units: bytes. */
const nameAt = 19
/** More than any directory of a container has that we read. */
const nameLimit = 1_000_000

/** Without `.` and `..`. Order: by code point. `shown` is for faults. Faults: SystemCallFailed. */
export function readNames(descriptor: number, shown: string): Result<readonly string[]> {
  const names: string[] = []
  while (names.length < nameLimit) {
    const read = call("getdents64", shown, descriptor, addressOf(buffer), buffer.length)
    if (!read.ok) return read
    if (read.value === 0) break
    for (let at = 0; at < read.value; ) {
      const size = view.getUint16(at + 16, true)
      const name = decodeUtf8(buffer.subarray(at + nameAt, buffer.indexOf(0, at + nameAt)))
      if (name !== "." && name !== "..") names.push(name)
      at += size
    }
  }
  return ok(names.sort())
}
