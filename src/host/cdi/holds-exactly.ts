/** Whether a specification needs to be written at all. */

import { lstatSync } from "node:fs"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { createLiveFiles } from "../live-files.ts"
import { readCdiFile } from "./read-cdi-directories.ts"

/** Does it say exactly this, for everybody, and may nobody else change it? */
export function holdsExactly(path: string, text: string): boolean {
  try {
    const stat = lstatSync(path)
    const isOurs = stat.isFile() && (stat.mode & 0o7777) === 0o644 && stat.uid === process.geteuid?.()
    const read = isOurs ? readCdiFile(createLiveFiles(), path) : undefined
    return read?.ok === true && Buffer.compare(read.value, encodeUtf8(text)) === 0
  } catch {
    return false
  }
}
