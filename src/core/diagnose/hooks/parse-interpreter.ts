/**
 * By which program the kernel runs a script. Where that is not there, "no such file or directory" is said of the script, which is.
 * Source: Linux 6.12, fs/binfmt_script.c.
 */

import type { ByteRange } from "../../text/byte-range.ts"
import { decodeLatin1, decodeUtf8 } from "../../text/utf8.ts"

/** As much of a file as the kernel looks at. */
export const scriptHead: ByteRange = { offsetBytes: 0, lengthBytes: 256 }

/** undefined: it is no script. Empty: its first line names no program, or none that ends in what the kernel looks at. */
export function parseInterpreter(head: Uint8Array): string | undefined {
  const [start, name] = /^#![ \t]*([^ \t\n\0]*)/.exec(decodeLatin1(head)) ?? []
  if (start === undefined || name === undefined) return undefined
  if (start.length === scriptHead.lengthBytes) return ""
  return decodeUtf8(head.subarray(start.length - name.length, start.length))
}
