/**
 * Programs and libraries of the machine that containers may write: whoever is root in one has what root of the machine runs next. Directories and
 * sockets are mounted to be written as often as not, and are not judged; nor is anything where the engine's user has no right to write, or on a
 * file system that nobody can write, as an image-based distribution's /usr.
 */

import { isReadOnly } from "../../cdi/rules/mount-options.ts"
import { isSharedObject } from "../../driver/library-name.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { FileStat } from "../../host/host.ts"
import { type CdiSubject, found, otherPlaces, placeOf, type Uses } from "../cdi-subject.ts"
import type { MountSource } from "./check-mounts.ts"
import { mountAt, parseMounts } from "./mount-at.ts"

/** One finding a specification: what generated it does so with all. Order: as first mounted. */
export function checkWritableMounts(
  { user, mountinfo = "" }: CdiSubject,
  sources: readonly MountSource[],
): readonly Finding[] {
  if (user.uid !== 0) return []
  const mounts = parseMounts(mountinfo)
  const open = sources.flatMap(({ path, uses, at }) => {
    if (at.kind !== "there" || !isRun(path, at.stat)) return []
    const ones = uses.filter(({ item }) => !isReadOnly(item.options))
    const isClosed = ones.length === 0 || mountAt(mounts, at.resolved)?.isReadOnly === true
    return isClosed ? [] : ones.map((use) => ({ path, use }))
  })
  return [...Map.groupBy(open, ({ use }) => use.source).values()].map((ones) => {
    const uses = ones.map(({ use }) => use) as unknown as Uses<(typeof ones)[number]["use"]["item"]>
    return found(
      "warning",
      fault("CdiFilesWritable", {
        place: placeOf(uses[0], "hostPath"),
        files: [...new Set(ones.map(({ path }) => path))],
      }),
      ...otherPlaces(uses, "hostPath"),
    )
  })
}

/** Root's, and nothing that programs write: a program, a library, firmware. */
const isRun = (path: string, { kind, mode, uid }: FileStat): boolean =>
  kind === "file" &&
  uid === 0 &&
  ((mode & 0o111) !== 0 || isSharedObject(path) || path.includes("/firmware/"))
