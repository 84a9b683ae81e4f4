/** An ELF file's parts, as a machine or a container gives them. */

import type { Result } from "../fault/result.ts"
import type { ByteRange } from "../text/byte-range.ts"
import type { ReadBytes } from "./elf-layout.ts"

/** A part that cannot be read is empty, which is what a file has that is cut off there. */
export const bytesOrNone =
  (read: (range: ByteRange) => Result<Uint8Array>): ReadBytes =>
  (offsetBytes, lengthBytes) => {
    const bytes = read({ offsetBytes, lengthBytes })
    return bytes.ok ? bytes.value : new Uint8Array()
  }
