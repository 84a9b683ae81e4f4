/**
 * The files of specifications themselves: readable for the engine's user, nobody else's to change, called as engines look for them. Source:
 * facts, nvidia-container-cli §6.4.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { RootView } from "../host/root-view.ts"
import { joinPath } from "../text/path.ts"
import { closedAt, type EngineUser, isOpenToAll, userTitle, type Writable, writableOn } from "./access.ts"
import { type CdiSubject, found } from "./cdi-subject.ts"

/** Order: as read; of one file access first. */
export function checkFiles({ view, user, registry, directories, areNamed }: CdiSubject): readonly Finding[] {
  if (areNamed) return []
  const read = [...registry.specs, ...registry.rejected].map(({ path }) => path)
  // Asked for by a name that is no UTF-8, another file would answer.
  const files = read.filter((path) => path.isWellFormed())
  const ofFiles = files.flatMap((file): readonly Finding[] => {
    const resolved = view.resolve(file)
    const stat = resolved.ok ? view.lstat(resolved.value) : resolved
    // What is no file is refused, whoever may write it.
    if (!resolved.ok || !stat.ok || stat.value.kind !== "file") return []
    const path = resolved.value
    const closed = closedAt(view, path, user, ["read"])
    const closedToOthers = closedAt(view, path, nobody, ["read"])
    const untrusted = writableOn(view, file, user)
    const forbidden = (severity: Finding["severity"], who: string, place: string): Finding =>
      found(severity, fault("CdiFileForbidden", { file, user: who, closed: place }))
    return [
      ...(closed !== undefined
        ? [forbidden("error", userTitle(user), closed)]
        : closedToOthers !== undefined && user.uid === 0
          ? [forbidden("note", "an engine of another user than root", closedToOthers)]
          : []),
      ...(untrusted === undefined ? [] : [strangersFile(file, untrusted)]),
    ]
  })
  const told = new Set(
    ofFiles.flatMap(({ fault: { tag, data } }) => (tag === "CdiFileUntrusted" ? [data.writable] : [])),
  )
  const ofDirectories = directories.flatMap((directory) => {
    const untrusted = openDirectory(view, directory, user)
    return untrusted === undefined || told.has(untrusted.writable)
      ? []
      : [strangersFile(directory, untrusted)]
  })
  return [...ofFiles, ...ofDirectories]
}

/** Where somebody may put a specification, also where nobody may take another's away. */
function openDirectory(view: RootView, directory: string, user: EngineUser): Writable | undefined {
  const stat = view.lstat(directory)
  if (!stat.ok || stat.value.kind !== "directory") return undefined
  if (!isOpenToAll(stat.value)) return writableOn(view, directory, user)
  const resolved = view.resolve(directory)
  return { writable: resolved.ok ? resolved.value : directory, by: "everybody", isGroup: false }
}

/** A name that YAML's own users write as often as the other, and that no engine reads. Order: as directories are read, by name. */
export function checkUnread({ view, directories, areNamed }: CdiSubject): readonly Finding[] {
  if (areNamed) return []
  const places = directories.filter((directory) => view.lstat(directory).ok)
  return places.flatMap((directory) => {
    const names = view.readDir(directory)
    return (names.ok ? names.value : [])
      .filter((name) => name.endsWith(".yml"))
      .map((name) => found("warning", fault("CdiFileUnread", { file: joinPath(directory, name) })))
  })
}

const strangersFile = (file: string, { writable, by, isGroup }: Writable): Finding =>
  found(isGroup ? "warning" : "error", fault("CdiFileUntrusted", { file, writable, by }))

/** Somebody who owns nothing. */
const nobody = { uid: 65534, gids: [] }
