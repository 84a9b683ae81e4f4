/** Where paths lie in directories. Apart from other words on paths, for no start needs it. */

import { parentPath } from "./path.ts"

/** Where a path of the machine lies seen from a root, both absolute and clean; undefined: outside. */
export function pathInRoot(path: string, root: string): string | undefined {
  if (root === "/") return path
  if (path === root) return "/"
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined
}

/** A clean, absolute path is one of these places, or lies below one. `/` is no such place: everything would lie in it. */
export function liesInOneOf(path: string, places: ReadonlySet<string>): boolean {
  for (let at = path; at !== "/"; at = parentPath(at)) if (places.has(at)) return true
  return false
}
