/**
 * Programs and libraries of the machine that containers may write: whoever is root in one has what root of the machine runs next. Directories and
 * sockets are mounted to be written as often as not, and are not judged; nor is anything where the engine's user has no right to write.
 */

import { isReadOnly } from "../cdi/rules/mount-options.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { FileStat } from "../host/host.ts"
import { baseName } from "../text/path.ts"
import { type CdiSubject, found, otherPlaces, placeOf, type Uses } from "./cdi-subject.ts"
import type { MountSource } from "./check-mounts.ts"

/** One finding a specification: what generated it does so with all. Order: as first mounted. */
export function checkWritableMounts(
  { user }: CdiSubject,
  sources: readonly MountSource[],
): readonly Finding[] {
  if (user.uid !== 0) return []
  const open = sources.flatMap(({ path, uses, at }) =>
    at.kind === "there" && isRun(path, at.stat)
      ? uses.filter(({ item }) => !isReadOnly(item.options)).map((use) => ({ path, use }))
      : [],
  )
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
  ((mode & 0o111) !== 0 || /\.so(?:\.|$)/.test(baseName(path)) || path.includes("/firmware/"))
