/** Works out what a container is given. Loaded only when none has asked for the same of this machine before. */

import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { ContainerLayout } from "../core/plan/container-layout.ts"
import type { Plan } from "../core/plan/plan.ts"
import { type GpuDecision, planContainer } from "../core/plan/plan-container.ts"
import { keepStart, type PreparedStart, type StartPlace } from "../host/prepared-start.ts"
import { driverPlace } from "./driver-place.ts"
import { knowMachine } from "./know-machine.ts"

interface PlannedStart {
  readonly plan: Plan
  readonly host: HostFiles
  /** Keeps what was made of the plan for the next container that asks for the same, if the machine is known well enough. */
  keep(place: StartPlace | undefined, start: PreparedStart): void
}

/** Faults: HostUnknown, RecordingInvalid. Why a container is refused stands in the plan. */
export async function planStart(
  decision: GpuDecision,
  layout: ContainerLayout,
): Promise<Result<PlannedStart>> {
  const { config } = decision
  const known = await knowMachine(config.gantry.host, driverPlace(config))
  if (!known.ok) return known
  const { host, snapshot, recalled } = known.value
  const plan = planContainer(decision, {
    injector: "native",
    observe: () => ok(snapshot),
    observeLayout: () => layout,
  })
  return ok({
    plan,
    host,
    keep(place, start) {
      if (place !== undefined && recalled !== undefined && plan.refusal === undefined)
        keepStart(place, recalled, snapshot.inventory.sockets, start)
    },
  })
}
