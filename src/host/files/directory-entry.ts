/** Which entry of which directory a path names: what tells that two paths name one file, and not two that engines would read. */

import { realpathSync } from "node:fs"
import { baseName, joinPath, parentPath } from "../../core/text/path.ts"

/** The same for every spelling. A link at the end is an entry of its own, as it is to engines. Where there is no directory, the path. */
export function directoryEntry(path: string): string {
  const absolute = path.startsWith("/") ? path : `${process.cwd()}/${path}`
  try {
    // Not the other realpathSync, which takes `..` away before it looks.
    return joinPath(realpathSync.native(parentPath(absolute)), baseName(absolute))
  } catch {
    return absolute
  }
}
