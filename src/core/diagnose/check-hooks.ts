/**
 * Hooks of specifications: programs that engines run as their own user, mostly root. There, executable, nobody else's to change, and with
 * variables of their own. Source: OCI runtime specification, "POSIX-platform Hooks"; facts, toolkit §6 (CVE-2025-23266).
 */

import type { LoadedSpec } from "../cdi/registry.ts"
import type { Hook } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { RootView } from "../host/root-view.ts"
import { writableOn } from "./access.ts"
import {
  type CdiSubject,
  found,
  groupUses,
  isUnrecorded,
  otherPlaces,
  placeOf,
  type Use,
  type Uses,
} from "./cdi-subject.ts"

/** Order: programs as first named, then hooks without variables. */
export function checkHooks(subject: CdiSubject, hooks: readonly Use<Hook>[]): readonly Finding[] {
  // A startContainer hook's program is the container's.
  const ofMachine = hooks.filter(
    ({ item }) => item.hookName !== "startContainer" && item.path.startsWith("/"),
  )
  const naked = hooks.filter(({ item }) => item.env.length === 0)
  return [
    ...[...Map.groupBy(ofMachine, ({ source }) => viewOf(subject, source))].flatMap(([view, uses]) =>
      groupUses(uses, ({ path }) => path).flatMap(([path, ones]) =>
        checkProgram({ ...subject, view }, path, ones),
      ),
    ),
    ...groupUses(naked, ({ path, hookName }) => `${hookName} ${path}`).map(([, uses]) =>
      found(
        "error",
        fault("CdiHookEnvironmentMissing", {
          place: placeOf(uses[0]),
          ...{ path: uses[0].item.path, hookName: uses[0].item.hookName },
        }),
        ...otherPlaces(uses),
      ),
    ),
  ]
}

const viewOf = ({ placed, view }: CdiSubject, { path }: LoadedSpec): RootView =>
  placed?.files.has(path) === true ? placed.engineView : view

function checkProgram(subject: CdiSubject, path: string, uses: Uses<Hook>): readonly Finding[] {
  const { view, user } = subject
  const place = placeOf(uses[0], "path")
  const others = otherPlaces(uses, "path")
  const resolved = view.resolve(path)
  const stat = resolved.ok ? view.lstat(resolved.value) : resolved
  if (!resolved.ok || !stat.ok) {
    const problem = stat.ok ? undefined : stat.fault
    if (problem !== undefined && isUnrecorded(subject, path, problem)) return []
    const errno = problem?.tag === "HostReadFailed" ? problem.data.errno : "ENOENT"
    return [found("error", fault("CdiHookMissing", { place, path, errno }), ...others)]
  }
  const { kind, mode } = stat.value
  if (kind !== "file" || (mode & 0o111) === 0) {
    const problem = kind === "file" ? `mode ${mode.toString(8)} lets nobody execute it` : `it is a ${kind}`
    return [found("error", fault("CdiHookNotExecutable", { place, path, problem }), ...others)]
  }
  const untrusted = writableOn(view, resolved.value, user)
  if (untrusted === undefined) return []
  const { writable, by, isGroup } = untrusted
  return [
    found(isGroup ? "warning" : "error", fault("CdiHookUntrusted", { place, path, writable, by }), ...others),
  ]
}
