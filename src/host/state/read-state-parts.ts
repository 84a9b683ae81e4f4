/** Parts of a file under the state directory, for one of which nobody wants to read the whole. */

import { decodeUtf8 } from "../../core/text/utf8.ts"
import { readUpTo } from "../files/read-up-to.ts"
import { readOurs } from "./state-file.ts"

/** Text at a place of a file, shorter at its end. Units: bytes. */
export type ReadPart = (offset: number, length: number) => string

/** Of one file, also when another takes its place meanwhile. undefined: see readOurs. */
export const readStateParts = <T>(
  directory: string,
  file: string,
  use: (read: ReadPart) => T,
): T | undefined =>
  readOurs(directory, file, (descriptor) =>
    use((offset, length) => decodeUtf8(readUpTo(descriptor, length, length, offset))),
  )
