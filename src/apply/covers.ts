/**
 * Covers: small file systems that lie over a directory of the container, filled before anybody sees them. What a plan mounts below one
 * needs a place there, made now, because a cover is read-only in the end.
 */

import { ok, type Result } from "../core/fault/result.ts"
import type { CoverEdit, FileEdit } from "../core/plan/edit.ts"
import { encodeUtf8 } from "../core/text/utf8.ts"
import { makeDirectory, makeEmptyFile, type Owner, writeFileAt } from "../linux/in-root.ts"
import { createTmpfs, mountAttribute, setMountAttributes } from "../linux/mounts.ts"
import type { DetachedMount } from "./detached-mounts.ts"

export interface Cover {
  /** Its descriptor. */
  readonly mount: number
  /** The directory of the container that it lies over. */
  readonly path: string
}

const root: Owner = { uid: 0, gid: 0 }

export const isBelow = (path: string, directory: string): boolean => path.startsWith(`${directory}/`)

/** Faults: SystemCallFailed. */
export function prepareCover(
  { path }: CoverEdit,
  files: readonly FileEdit[],
  mounts: readonly DetachedMount[],
): Result<Cover> {
  const created = createTmpfs("0555")
  if (!created.ok) return created
  const mount = created.value
  const made = new Set<string>()
  for (const file of files.filter((one) => isBelow(one.path, path))) {
    const name = file.path.slice(path.length + 1)
    const written = writeFileAt(mount, name, encodeUtf8(file.text), file.mode, root)
    if (!written.ok) return written
  }
  for (const { target, kind } of mounts.filter((one) => isBelow(one.target, path))) {
    const placed = makePlace(mount, target.slice(path.length + 1), kind, made)
    if (!placed.ok) return placed
  }
  const { readOnly, noSuid, noDev, noExec } = mountAttribute
  const set = setMountAttributes(mount, readOnly | noSuid | noDev | noExec, 0, path)
  return set.ok ? ok({ mount, path }) : set
}

/** `name` is a path below the cover; its directories are made once. */
function makePlace(
  mount: number,
  name: string,
  kind: DetachedMount["kind"],
  made: Set<string>,
): Result<true> {
  const parts = name.split("/")
  const directories = kind === "directory" ? parts.length : parts.length - 1
  for (let count = 1; count <= directories; count++) {
    const directory = parts.slice(0, count).join("/")
    if (made.has(directory)) continue
    const placed = makeDirectory(mount, directory, root, 0o555)
    if (!placed.ok) return placed
    made.add(directory)
  }
  return kind === "directory" ? ok(true) : makeEmptyFile(mount, name, root)
}
