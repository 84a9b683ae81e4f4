/** Where Gantry keeps what it may lose: docs/state.md. */

import { lstatIfThere } from "../files/stat-if-there.ts"
import { isInUserNamespace } from "../own-user-namespace.ts"

const directoryOfRoot = "/run/gantry"

/**
 * root: /run/gantry; others: below XDG_RUNTIME_DIR, or undefined when there is none. Root of a user namespace is another, who may have
 * no such variable, and a `/run` of its own.
 */
export function stateDirectory(): string | undefined {
  const isRoot = process.getuid?.() === 0
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? ""
  if (!runtime.startsWith("/")) return isRoot ? directoryOfRoot : undefined
  return isRoot && !isInUserNamespace() ? directoryOfRoot : `${runtime}/gantry`
}

/** A directory, not a link, of this user, that nobody else may enter. */
export function isOurs(directory: string): boolean {
  const stat = lstatIfThere(directory)
  return stat?.isDirectory() === true && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0
}
