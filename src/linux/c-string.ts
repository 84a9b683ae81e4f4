/** Text as C wants it. */

import { encodeUtf8 } from "../core/text/utf8.ts"

/** NUL-terminated, and large enough that the collector does not move it while the kernel looks at it. */
export function cString(text: string): Uint8Array {
  const bytes = encodeUtf8(text)
  const buffer = new Uint8Array(Math.max(bytes.length + 1, 1024))
  buffer.set(bytes)
  return buffer
}
