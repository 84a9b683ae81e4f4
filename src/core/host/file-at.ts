/** Regular files of a root, also behind links that stay in it. */

import type { FileStat } from "./host.ts"
import type { RootView } from "./root-view.ts"

/** A regular file, or a link that leads to one inside the root. */
export function fileAt(view: RootView, path: string): FileStat | undefined {
  const stat = view.lstat(path)
  if (!stat.ok) return undefined
  if (stat.value.kind === "file") return stat.value
  const resolved = stat.value.kind === "symlink" ? view.resolve(path) : undefined
  const behind = resolved?.ok === true ? view.lstat(resolved.value) : undefined
  return behind?.ok === true && behind.value.kind === "file" ? behind.value : undefined
}

export const isFile = (view: RootView, path: string): boolean => fileAt(view, path) !== undefined
