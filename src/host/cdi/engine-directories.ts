/** The directories of this machine in which engines look for specifications, by whichever of their names somebody calls them. */

import { realpathSync } from "node:fs"
import { defaultDirectories } from "../../core/cdi/registry/spec-directories.ts"
import { baseName, joinPath, parentPath } from "../../core/text/path.ts"

/** Also of one that is not there yet. Absolute, or it stays as it is. */
export function realDirectory(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = parentPath(path)
    return parent === path || !path.startsWith("/") ? path : joinPath(realDirectory(parent), baseName(path))
  }
}

/** Those that are this place. Two where one leads to the other. Order: the last wins. */
export function engineDirectoriesAt(
  path: string,
  directories: readonly string[] = defaultDirectories,
): readonly string[] {
  const place = realDirectory(path)
  return directories.filter((directory) => realDirectory(directory) === place)
}
