/** Where Gantry keeps what it may lose: docs/state.md. */

import { lstatSync } from "node:fs"

/** root: /run/gantry; others: below XDG_RUNTIME_DIR, or undefined when there is none. */
export function stateDirectory(): string | undefined {
  if (process.getuid?.() === 0) return "/run/gantry"
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? ""
  return runtime.startsWith("/") ? `${runtime}/gantry` : undefined
}

/** A directory, not a link, of this user, that nobody else may enter. */
export function isOurs(directory: string): boolean {
  const stat = lstatSync(directory, { throwIfNoEntry: false })
  return stat?.isDirectory() === true && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0
}
