/**
 * Hooks of specifications: their programs, their variables, how they are called, and whether they do anything.
 * Source: OCI runtime specification, "POSIX-platform Hooks"; facts, toolkit §6 (CVE-2025-23266).
 */

import type { Hook } from "../../cdi/spec.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { type CdiSubject, found, groupUses, otherPlaces, placeOf, type Use } from "../cdi-subject.ts"
import { callProblem, checkHookCalls } from "./check-hook-calls.ts"
import { checkHookEnvironment } from "./check-hook-environment.ts"
import { checkHookPrograms } from "./check-hook-programs.ts"
import { checkIdleHooks } from "./check-idle-hooks.ts"

/** Order: programs as first named, hooks without variables, with variables that mislead, that are called wrongly, that do nothing. */
export const checkHooks = (subject: CdiSubject, hooks: readonly Use<Hook>[]): readonly Finding[] => [
  ...checkHookPrograms(subject, hooks),
  ...checkBareHooks(hooks),
  ...checkHookEnvironment(subject, hooks),
  ...checkHookCalls(hooks),
  ...checkIdleHooks(
    subject,
    hooks.filter(({ item }) => callProblem(item) === undefined),
  ),
]

/** Hooks without variables of their own. A startContainer hook has the container's, as it must. */
function checkBareHooks(hooks: readonly Use<Hook>[]): readonly Finding[] {
  const bare = hooks.filter(({ item }) => item.env.length === 0 && item.hookName !== "startContainer")
  return groupUses(bare, ({ path, hookName }) => `${hookName} ${path}`).map(([, uses]) => {
    const { path, hookName } = uses[0].item
    // A createContainer hook gets the image's; the others what the runtime was given. Source: runc 1.1.5 and 1.5.2, crun 1.8.1, tried.
    const severity = hookName === "createContainer" ? "error" : "warning"
    const bareHook = { place: placeOf(uses[0]), path, hookName }
    return found(severity, fault("CdiHookEnvironmentMissing", bareHook), ...otherPlaces(uses))
  })
}
