/**
 * Hooks of the toolkit's programs that are called as they must be, and that do nothing: containers start, and lack what the hook was
 * there for. Source: facts, toolkit §1.4. Observed: the toolkit's programs pass over a hook that they do not
 * know, with a warning.
 */

import { foldersOf, linksInHook } from "../../cdi/edits/hook-arguments.ts"
import { hookFlags } from "../../cdi/edits/toolkit-hooks.ts"
import { allEdits, type Hook } from "../../cdi/spec.ts"
import { isSharedObject } from "../../driver/library-name.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { parentPath } from "../../text/path.ts"
import { liesInOneOf } from "../../text/path-in-root.ts"
import { type CdiSubject, found, otherPlaces, placeOf, type Use } from "../cdi-subject.ts"
import { withoutUsr } from "../libraries/loader-search.ts"
import { judgeCalls, toolkitCall } from "./toolkit-call.ts"

/** `hooks`: called as they must be. Order: hooks that do nothing, then folders without libraries, as first named. */
export function checkIdleHooks(subject: CdiSubject, hooks: readonly Use<Hook>[]): readonly Finding[] {
  const idle = judgeCalls(hooks, idleness, (what, others) =>
    found("warning", fault("CdiHookIdle", what), ...others),
  )
  return [...idle, ...checkFolders(subject, hooks)]
}

/** Of releases that have or had it. */
const formerCalls: readonly string[] = ["create-soname-symlinks"]

function idleness(hook: Hook): string | undefined {
  const called = toolkitCall(hook)
  if (called?.call === undefined) return undefined
  const { program, call } = called
  if (!Object.hasOwn(hookFlags, call) && !formerCalls.includes(call))
    return `does nothing: ${program} passes over ${JSON.stringify(call)}, which no release has`
  return call === "update-ldcache" && foldersOf(hook).length === 0
    ? "does nothing for loaders: it has no --folder to tell them of"
    : undefined
}

/** A folder may be meant for libraries of the image: a note. Of many one hook is told of, with all its folders. */
function checkFolders({ registry }: CdiSubject, hooks: readonly Use<Hook>[]): readonly Finding[] {
  const named = hooks.flatMap((use) =>
    toolkitCall(use.item) === undefined ? [] : foldersOf(use.item).map((folder) => ({ use, folder })),
  )
  if (named.length === 0) return []
  const edits = registry.specs.flatMap(({ spec }) => allEdits(spec))
  const mounted = edits.flatMap(({ mounts }) => mounts.map(({ containerPath }) => withoutUsr(containerPath)))
  const linked = edits.flatMap((one) => one.hooks.flatMap(linksInHook).map(({ path }) => withoutUsr(path)))
  const mountedPlaces = new Set(mounted)
  const filled = new Set([...mounted, ...linked].filter(isSharedObject).map(folderOf))
  const empty = named.filter(({ folder }) => {
    const place = withoutUsr(folder)
    // A mounted directory may have libraries in it.
    return !filled.has(place) && !liesInOneOf(place, mountedPlaces)
  })
  return [...Map.groupBy(empty, ({ folder }) => folder)].map(([folder, all]) => {
    const uses = all.map(({ use }) => use)
    const [first] = uses as [Use<Hook>]
    const problem = `tells loaders of ${JSON.stringify(folder)}, where no specification mounts a library`
    return found(
      "note",
      fault("CdiHookIdle", { place: placeOf(first, "args"), path: first.item.path, problem }),
      ...otherPlaces(uses, "args"),
    )
  })
}

/** Loaders look for libraries of better processors below a folder. */
const folderOf = (path: string): string => parentPath(path).replace(/\/glibc-hwcaps\/.*$/, "")
