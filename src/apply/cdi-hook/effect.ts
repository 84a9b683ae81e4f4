/** What a CDI hook did to a container's root, and where it does not matter that it could not. */

import type { Fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { errnoOf } from "../../linux/checked.ts"

export interface HookEffect {
  /** What was changed, each as a sentence about a path. Order: as done. */
  readonly changes: readonly string[]
  readonly findings: readonly Finding[]
}

/**
 * The kernel or the container's owner keeps such a place as it is: that costs what would be there, not the start. EACCES is neither's word: the
 * whole root is closed to us, and a container without what hooks make there finds no GPU.
 */
const kept: ReadonlySet<string> = new Set(["EROFS", "EBUSY", "EPERM"])

/** Nothing where the place is kept as it is, with a finding; else the fault, with its cause. */
export function passOver(
  failed: Result<unknown> & { readonly ok: false },
  told: Fault,
  findings: Finding[],
): Result<undefined> {
  const errno = errnoOf(failed)
  if (errno === undefined || !kept.has(errno)) return fail(told)
  findings.push({ severity: "warning", fault: told, evidence: [errno] })
  return ok(undefined)
}
