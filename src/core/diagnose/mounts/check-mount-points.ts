/**
 * Places of mounts and nodes inside another mount that may not be written, where nothing lies that they could cover: a runtime has to make the place, on
 * the machine's own file system, and cannot. Observed: runc 1.1.5 and 1.5.2 say "read-only file system"; crun 1.8.1 makes the place before
 * the mount is read-only, and leaves it on the machine.
 */

import { isReadOnly } from "../../cdi/rules/mount-options.ts"
import type { Mount } from "../../cdi/spec.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { cleanPath, joinPath, parentPath } from "../../text/path.ts"
import {
  type CdiSubject,
  type CdiUses,
  found,
  groupUses,
  mayBeThere,
  otherPlaces,
  placeOf,
  type Use,
} from "../cdi-subject.ts"
import { createReach } from "../libraries/reach.ts"
import type { MountSource } from "./check-mounts.ts"
import { mountAt, parseMounts } from "./mount-at.ts"

/** Order: mounts, then nodes, as used first. */
export function checkMountPoints(
  subject: CdiSubject,
  { mounts, nodes }: CdiUses,
  sources: readonly MountSource[],
): readonly Finding[] {
  const closed = closedDirectories(sources)
  if (closed.size === 0) return []
  const covered = new Set(mounts.map(({ item }) => cleanPath(item.containerPath)))
  const reach = createReach()
  for (const [place, { uses }] of closed) for (const use of uses) reach.add(use, place)
  const systems = parseMounts(subject.mountinfo ?? "")
  const inside = (path: string): Inside | undefined => {
    let above = parentPath(path)
    while (above !== "/" && !covered.has(above)) above = parentPath(above)
    const directory = closed.get(above)
    return directory && { above, directory, source: joinPath(directory.source, path.slice(above.length)) }
  }
  // What is mounted below a directory comes with it by rbind, and ro says nothing of that.
  const isElsewhere = ({ directory, source }: Inside): boolean =>
    mountAt(systems, source) !== mountAt(systems, directory.source)
  const places = [
    ...mounts.map((use): Use<string> => ({ ...use, item: cleanPath(use.item.containerPath) })),
    ...nodes.map((use): Use<string> => ({ ...use, item: cleanPath(use.item.path) })),
  ]
  return groupUses(places, (path) => path).flatMap(([path, uses]) => {
    const at = inside(path)
    const ones = at === undefined ? [] : uses.filter((use) => reach.has(use, at.above))
    const [first] = ones
    return at === undefined || first === undefined || mayBeCovered(subject, at.source) || isElsewhere(at)
      ? []
      : [
          found(
            "error",
            fault("CdiMountUnusable", {
              place: placeOf(first),
              containerPath: path,
              problem: `it lies in the read-only mount of ${at.above}, and nothing is at ${at.source} on the machine that it could cover`,
            }),
            ...otherPlaces(ones),
          ),
        ]
  })
}

interface Inside {
  /** The place of the mount that it lies in. */
  readonly above: string
  readonly directory: ClosedDirectory
  /** What it would cover, on the machine. */
  readonly source: string
}

interface ClosedDirectory {
  /** Without links. */
  readonly source: string
  readonly uses: readonly Use<Mount>[]
}

/** By their place in containers. */
function closedDirectories(sources: readonly MountSource[]): ReadonlyMap<string, ClosedDirectory> {
  return new Map(
    sources.flatMap(({ at, uses }) => {
      if (at.kind !== "there" || at.stat.kind !== "directory") return []
      const closed = uses.filter(({ item }) => isReadOnly(item.options))
      return [...Map.groupBy(closed, ({ item }) => cleanPath(item.containerPath))].map(
        ([place, ones]) => [place, { source: at.resolved, uses: ones }] as const,
      )
    }),
  )
}

function mayBeCovered(subject: CdiSubject, path: string): boolean {
  const resolved = subject.view.resolve(path)
  return mayBeThere(subject, path, resolved.ok ? subject.view.lstat(resolved.value) : resolved)
}
