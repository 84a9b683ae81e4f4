/** What the wrapper does with what was planned: it divides the edits for its machine, and keeps both for the next start. */

import type { PlannedStart } from "../../../src/commands/start/plan-start.ts"
import { divideEdits } from "../../../src/core/plan/divide-edits.ts"
import type { StartPlace } from "../../../src/host/state/prepared-start.ts"

export function keepPlanned(
  { plan, keep }: Pick<PlannedStart, "plan" | "keep">,
  place: StartPlace | undefined,
  machine: string,
): void {
  const divided = divideEdits(plan.edits, {
    machine,
    sourceOf: (path) => path,
    hasUserNamespace: false,
    unknownGid: undefined,
    mountedOver: [],
  })
  if (!divided.ok) throw new Error(divided.fault.tag)
  keep(place, { plan: JSON.stringify(plan), divided: divided.value })
}
