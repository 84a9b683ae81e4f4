/** The plan of a container that asks for devices of CDI specifications, alone or beside this machine's own. */

import type { Result } from "../fault/result.ts"
import type { GpuDecision } from "./decide.ts"
import type { Omission, Plan } from "./plan.ts"
import type { PlannedCdiDevices, SpecifiedDevices } from "./plan-cdi-devices.ts"
import { composePlan, type PlanSurroundings, planContainer } from "./plan-container.ts"

/** `surroundings`: asked only where something of the machine's own is given too. */
export function planCdiContainer(
  decision: GpuDecision,
  planned: Result<PlannedCdiDevices>,
  surroundings: PlanSurroundings,
): Plan {
  if (!planned.ok || planned.value.selectors === undefined) return planCdiAlone(decision, planned)
  const { selectors, edits, findings } = planned.value
  return planContainer(decision, { ...surroundings, beside: { selectors, edits, findings } })
}

/** The driver is not given, nor need there be one. */
export function planCdiAlone(decision: GpuDecision, planned: Result<SpecifiedDevices>): Plan {
  if (!planned.ok) return composePlan(decision, "native", "refuse", { refusal: planned.fault })
  const { edits, findings } = planned.value
  return composePlan(decision, "native", "inject", { edits, omissions: listBeside(decision), findings })
}

/** What an image asks for beside its devices is this machine's driver's, which only comes with one of its own devices. */
function listBeside({ request: { companions, imexChannels }, log }: GpuDecision): readonly Omission[] {
  const beside = [...companions, ...imexChannels.map((channel) => `IMEX channel ${channel}`)]
  if (beside.length === 0) return []
  const outcome =
    "what comes with the driver comes with this machine's own devices only, and none is asked for"
  const reason = log.add("devices.specificationsOnly", [], outcome)
  return beside.map((what) => ({ what, reasons: [reason] }))
}
