/** Text as C wants it. */

import { encodeUtf8 } from "../core/text/utf8.ts"

const encoder = new TextEncoder()
/** Three bytes a character at most, and the NUL. */
const plainLimit = 341

/** NUL-terminated, and large enough that the collector does not move it while the kernel looks at it. */
export function cString(text: string): Uint8Array {
  if (text.length < plainLimit && text.isWellFormed()) {
    const buffer = new Uint8Array(1024)
    encoder.encodeInto(text, buffer)
    return buffer
  }
  // Long, or with bytes that are no UTF-8.
  const bytes = encodeUtf8(text)
  const buffer = new Uint8Array(Math.max(bytes.length + 1, 1024))
  buffer.set(bytes)
  return buffer
}
