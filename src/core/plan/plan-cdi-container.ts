/** The plan of a container that asks for devices of CDI specifications and nothing else: the driver is not given, nor need there be one. */

import type { Result } from "../fault/result.ts"
import type { GpuDecision } from "./decide.ts"
import type { Omission, Plan } from "./plan.ts"
import type { PlannedCdiDevices } from "./plan-cdi-devices.ts"
import { composePlan } from "./plan-container.ts"

export function planCdiContainer(decision: GpuDecision, planned: Result<PlannedCdiDevices>): Plan {
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
