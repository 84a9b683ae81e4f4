/**
 * The files of specifications themselves: readable for the engine's user, nobody else's to change, called as engines look for them. Source:
 * facts, nvidia-container-cli §6.4.
 */

import { isSpecFileName } from "../../cdi/registry/spec-directories.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { RootView } from "../../host/root-view.ts"
import { joinPath } from "../../text/path.ts"
import {
  closedAt,
  type EngineUser,
  openToStrangers,
  userTitle,
  type Writable,
  writableOn,
} from "../access.ts"
import { type CdiSubject, found } from "../cdi-subject.ts"

/** Order: files as read, then directories; of one file access first. */
export function checkFiles({ view, user, registry, directories, areNamed }: CdiSubject): readonly Finding[] {
  if (areNamed) return []
  const files = [...registry.specs, ...registry.rejected]
    .map(({ path }) => path)
    // Asked for by a name that is no UTF-8, another file would answer.
    .filter((path) => path.isWellFormed())
  const ofFiles = files.flatMap((file) => checkFile(view, file, user))
  const told = new Set(
    ofFiles.flatMap(({ fault: { tag, data } }) => (tag === "CdiFileUntrusted" ? [data.writable] : [])),
  )
  const ofDirectories = directories.flatMap((directory) => {
    const untrusted = openToStrangers(view, directory, user)
    return untrusted === undefined || told.has(untrusted.writable)
      ? []
      : [untrustedFile(directory, untrusted)]
  })
  return [...ofFiles, ...ofDirectories]
}

function checkFile(view: RootView, file: string, user: EngineUser): readonly Finding[] {
  const resolved = view.resolve(file)
  const stat = resolved.ok ? view.lstat(resolved.value) : resolved
  // What is no file is refused, whoever may write it.
  if (!resolved.ok || !stat.ok || stat.value.kind !== "file") return []
  const untrusted = writableOn(view, file, user)
  return [
    ...checkReadable(view, { file, resolved: resolved.value }, user),
    ...(untrusted === undefined ? [] : [untrustedFile(file, untrusted)]),
  ]
}

/** What root's engine reads, one of another user's may not: a note. */
function checkReadable(
  view: RootView,
  { file, resolved }: { readonly file: string; readonly resolved: string },
  user: EngineUser,
): readonly Finding[] {
  const forbidden = (severity: Finding["severity"], who: string, closed: string): readonly Finding[] => [
    found(severity, fault("CdiFileForbidden", { file, user: who, closed })),
  ]
  const closed = closedAt(view, resolved, user, ["read"])
  if (closed !== undefined) return forbidden("error", userTitle(user), closed)
  const closedToOthers = user.uid === 0 ? closedAt(view, resolved, nobody, ["read"]) : undefined
  if (closedToOthers === undefined) return []
  return forbidden("note", "an engine of another user than root", closedToOthers)
}

/** Somebody who owns nothing. */
const nobody: EngineUser = { uid: 65534, gids: [] }

const untrustedFile = (file: string, { writable, by, isGroup }: Writable): Finding =>
  found(isGroup ? "warning" : "error", fault("CdiFileUntrusted", { file, writable, by }))

/**
 * Specifications that no engine finds: of an ending that people write as often as the right one, and in a directory below, where none looks.
 * Order: as directories are read, by name.
 */
export function checkUnread({ view, directories, areNamed }: CdiSubject): readonly Finding[] {
  if (areNamed) return []
  const namesIn = (directory: string): readonly string[] => {
    const names = view.lstat(directory).ok ? view.readDir(directory) : undefined
    return names?.ok === true ? names.value : []
  }
  const told = (directory: string, name: string, isBelow: boolean): Finding =>
    found("warning", fault("CdiFileUnread", { file: joinPath(directory, name), isBelow }))
  return directories.flatMap((directory) =>
    namesIn(directory).flatMap((name): readonly Finding[] => {
      if (isMisspelt(name)) return [told(directory, name, false)]
      const below = joinPath(directory, name)
      // What has an ending is a file, or nobody's directory of specifications; a hidden one belongs to a program.
      if (name.includes(".") || directories.includes(below)) return []
      const stat = view.lstat(below)
      if (!stat.ok || stat.value.kind !== "directory") return []
      return namesIn(below)
        .filter(isSpecFileName)
        .map((one) => told(below, one, true))
    }),
  )
}

/** Engines look for `.yaml` and `.json`, in small letters. */
const isMisspelt = (name: string): boolean => /\.(?:ya?ml|json)$/i.test(name) && !isSpecFileName(name)
