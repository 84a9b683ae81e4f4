/** A file of a container's root that is to have a content: whole or not at all, in place of whatever had its name. */

import { closeSync } from "node:fs"
import { ok, type Result } from "../../core/fault/result.ts"
import { baseName, parentPath } from "../../core/text/path.ts"
import { ensureDirectory, type Root, readInRoot, statInRoot, writeFileAt } from "../../linux/in-root.ts"

export interface WantedFile {
  readonly path: string
  readonly content: Uint8Array
  /** For a new file; one that is there keeps its own. */
  readonly mode: number
}

/** False: it was so already, and nothing was written. Faults: SystemCallFailed. */
export function writeContainerFile(root: Root, { path, content, mode }: WantedFile): Result<boolean> {
  const present = readInRoot(root, path, content.length)
  if (present !== undefined && isSame(present, content)) return ok(false)
  const parent = ensureDirectory(root, parentPath(path))
  if (!parent.ok) return parent
  const stat = statInRoot(root, path)
  const kept = stat?.isFile() === true ? stat.mode & 0o777 : mode
  const written = writeFileAt(parent.value, baseName(path), content, kept, root.owner)
  closeSync(parent.value)
  return written.ok ? ok(true) : written
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index])
