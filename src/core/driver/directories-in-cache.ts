/**
 * Directories in which a loader's cache knows libraries of the driver. The cache's text is searched, not parsed: its size must not matter, and a
 * cache that is out of order tells as much.
 */

import { parentPath } from "../text/path.ts"
import { decodeByteCharacters, decodeUtf8 } from "../text/utf8.ts"
import { unversionedBeginnings } from "./files.ts"

/** More directories than any loader searches. */
export const directoryLimit = 512
/** As long as Linux takes paths. Units: bytes. */
const pathLimit = 4096

export interface CachedDirectories {
  /** Hold a library of this version. */
  readonly holding: ReadonlySet<string>
  /** Hold a name by which programs ask for the driver, of whatever version. */
  readonly hinted: ReadonlySet<string>
  /** Hold a library of the driver's that has a version of its own. */
  readonly beside: ReadonlySet<string>
}

export const noDirectories: CachedDirectories = { holding: new Set(), hinted: new Set(), beside: new Set() }

export function directoriesInCache(bytes: Uint8Array, version: string): CachedDirectories {
  const text = decodeByteCharacters(bytes)
  const parentsOf = (parts: readonly string[]): ReadonlySet<string> => findParents(bytes, text, parts)
  return {
    holding: parentsOf([`.so.${version}\0`]),
    hinted: parentsOf(["/libcuda.so.1\0", "/libnvidia-ml.so.1\0", "/libGLX_nvidia.so.0\0"]),
    beside: parentsOf(unversionedBeginnings.map((name) => `/${name}`)),
  }
}

/** Of absolute paths that have one of the parts in them. `text`: the same bytes, each as a character. */
function findParents(bytes: Uint8Array, text: string, parts: readonly string[]): ReadonlySet<string> {
  const directories = new Set<string>()
  for (const part of parts)
    for (
      let at = text.indexOf(part);
      at !== -1 && directories.size < directoryLimit;
      at = text.indexOf(part, at + 1)
    ) {
      const start = text.lastIndexOf("\0", at - 1) + 1
      const end = text.indexOf("\0", at)
      if (end === -1) break
      if (text[start] === "/" && end - start < pathLimit)
        directories.add(parentPath(decodeUtf8(bytes.subarray(start, end))))
    }
  return directories
}
