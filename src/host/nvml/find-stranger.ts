/**
 * Who, beside root and this user, could change a file: its code is to run in a process of ours, as root where root asks. A simulated
 * machine of another user's, or a driver root that somebody unpacked, is looked at and not run.
 */

import { realpathSync, statSync } from "node:fs"
import { parentPath } from "../../core/text/path.ts"

const stickyBit = 0o1000

/** What lets a stranger in; undefined: nothing does. */
export function findStranger(livePath: string): string | undefined {
  const own = process.getuid?.()
  try {
    for (let path = realpathSync(livePath); ; path = parentPath(path)) {
      const { uid, gid, mode } = statSync(path)
      if (uid !== 0 && uid !== own)
        return `it, or a directory that it lies in, belongs to user ${uid}, and its code would run as user ${own}`
      // In a directory like /tmp everybody may write, and nobody may take away what is another's.
      const isSticky = path !== livePath && (mode & stickyBit) !== 0
      const isOpen = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0)
      if (isOpen && !isSticky)
        return `others may write to it, or to a directory that it lies in, and its code would run as user ${own}`
      if (path === "/") return undefined
    }
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
}
