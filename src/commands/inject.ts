/** The native injector: from a decision to a container with its GPU. Loaded only when a container wants one. */

import { type AppliedContainer, applyInNamespace, rootOf } from "../apply/in-namespace.ts"
import { observeLayout } from "../apply/observe-layout.ts"
import { type Fault, fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { Plan } from "../core/plan/plan.ts"
import type { GpuDecision } from "../core/plan/plan-container.ts"
import { startKey } from "../core/plan/start-key.ts"
import { absolutePath } from "../core/text/path.ts"
import { logDecision } from "../host/decision-log.ts"
import { openFiles } from "../host/open-files.ts"
import { recallStart, startPlace } from "../host/prepared-start.ts"
import { stateDirectory } from "../host/state-directory.ts"
import { driverPlace } from "./driver-place.ts"

/** What would be done natively, with the machine and the container that it would be done to. */
interface Prepared {
  readonly plan: Plan
  readonly host: HostFiles
  readonly container: AppliedContainer
  readonly bundle: string
}

/** Faults: those of planning and applying; undefined when the container has what it asked for. */
export async function inject(decision: GpuDecision): Promise<Fault | undefined> {
  const prepared = await prepare(decision)
  if (!prepared.ok) return prepared.fault
  const { plan, host, container } = prepared.value
  const applied =
    plan.refusal === undefined ? applyInNamespace(plan.edits, host, container) : fail(plan.refusal)
  // Logged with what applying met, from within the container's namespace: the machine's mounts are still all there.
  const outcome: Plan = applied.ok
    ? { ...plan, findings: [...plan.findings, ...applied.value.findings] }
    : { ...plan, outcome: "refuse", refusal: applied.fault }
  log(prepared.value, outcome)
  if (applied.ok) return undefined
  // It may be that the machine has changed where nobody looks: the next start is to see it as it is.
  const { forgetMachine } = await import("./forget-machine.ts")
  forgetMachine(decision.config, stateDirectory())
  return applied.fault
}

/** Shadow mode: what native injection would do is logged, and nothing is done. Whatever goes wrong is of no concern to the start. */
export async function logOnly(decision: GpuDecision): Promise<void> {
  const prepared = await prepare(decision)
  if (prepared.ok) log(prepared.value, prepared.value.plan)
}

const log = ({ container, bundle }: Prepared, plan: Plan): void =>
  logDecision({ timeMs: Date.now(), bundle, pid: String(container.pid), plan: JSON.stringify(plan) })

async function prepare(decision: GpuDecision): Promise<Result<Prepared>> {
  const { config, state, spec } = decision
  const { host: selector } = config.gantry
  if (state.pid <= 0n) return fail(fault("ContainerProcessMissing", { pid: String(state.pid) }))
  // Relative to the bundle, as the specification says; the reference takes its own working directory.
  const bundle = absolutePath(state.bundle, process.cwd())
  const container = { pid: state.pid, rootPath: absolutePath(spec.rawRootPath, bundle) }
  const layout = await observeLayout(rootOf(container))
  const place = startPlace(selector, driverPlace(config), startKey(decision, { layout }), stateDirectory())
  const recalled = place === undefined ? undefined : recallStart(place, selector)
  const files = recalled === undefined ? undefined : openFiles(selector)
  if (recalled !== undefined && files?.ok === true && files.value !== undefined)
    return ok({ plan: JSON.parse(recalled.plan) as Plan, host: files.value, container, bundle })
  const { planStart } = await import("./plan-start.ts")
  const planned = await planStart(decision, layout)
  if (!planned.ok) return planned
  const { plan, host, keep } = planned.value
  keep(place, { plan: JSON.stringify(plan), divided: undefined })
  return ok({ plan, host, container, bundle })
}
