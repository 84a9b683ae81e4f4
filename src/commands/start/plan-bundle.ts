/** What a wrapper does for a bundle, worked out. Loaded only when no container has asked for the same of this machine before. */

import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { ContainerLayout } from "../../core/plan/container-layout.ts"
import type { GpuDecision } from "../../core/plan/decide.ts"
import { divideEdits } from "../../core/plan/divide-edits.ts"
import type { StartPlace } from "../../host/state/prepared-start.ts"
import type { BundleStart } from "./edit-bundle.ts"
import { planStart } from "./plan-start.ts"

export interface BundleSurroundings {
  readonly layout: ContainerLayout
  /** As in core/plan/divide-edits.ts, all three. */
  readonly mountedOver: readonly string[]
  readonly hasUserNamespace: boolean
  readonly unknownGid: number | undefined
  /** Where it is kept; undefined: nowhere. */
  readonly place: StartPlace | undefined
  /** Takes the plan, as JSON, of a container that is refused. */
  readonly log: (plan: string) => void
}

/** Faults: those of planning, HostUnknown, RecordingInvalid, HostNotLive. */
export async function planBundle(
  decision: GpuDecision,
  { layout, mountedOver, hasUserNamespace, unknownGid, place, log }: BundleSurroundings,
): Promise<Result<BundleStart>> {
  const planned = await planStart(decision, layout)
  if (!planned.ok) return planned
  const { plan, host, keep } = planned.value
  const divided =
    plan.refusal === undefined
      ? divideEdits(plan.edits, {
          machine: host.provenance.name,
          sourceOf: (path) => host.livePath(path),
          mountedOver,
          hasUserNamespace,
          unknownGid,
        })
      : fail(plan.refusal)
  if (!divided.ok) {
    log(JSON.stringify({ ...plan, outcome: "refuse", refusal: divided.fault }))
    return divided
  }
  const start = { plan: JSON.stringify(plan), divided: divided.value }
  keep(place, start)
  return ok(start)
}
