/** The native injector: from a decision to a container with its GPU. Loaded only when a container wants one. */

import { type AppliedContainer, seenFromOutside } from "../../apply/applied-container.ts"
import { applyInNamespace } from "../../apply/in-namespace.ts"
import { observeLayout } from "../../apply/observe-layout.ts"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import type { BundleDecision, GpuDecision } from "../../core/plan/decide.ts"
import type { Plan } from "../../core/plan/plan.ts"
import { startKey } from "../../core/plan/start-key.ts"
import { absolutePath } from "../../core/text/path.ts"
import { openFiles } from "../../host/open-files.ts"
import { logDecision } from "../../host/state/decision-log.ts"
import { recallStart, startPlace } from "../../host/state/prepared-start.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import { forgetIfChanged } from "../machine/forget-if-changed.ts"
import { driverPlace } from "./driver-place.ts"

export interface Target {
  readonly container: AppliedContainer
  /** By which the log names the container. */
  readonly bundle: string
}

/** What would be done natively, with the machine that it would be done from. */
interface Prepared {
  readonly plan: Plan
  readonly host: HostFiles
}

/** Faults: ContainerProcessMissing, those of planning and applying; undefined when the container has what it asked for. */
export async function inject(decision: BundleDecision): Promise<Fault | undefined> {
  const target = targetOf(decision)
  return target.ok ? await injectInto(decision, target.value) : target.fault
}

/** `revise`: what is done to a plan before it is applied. Faults: those of planning and applying; undefined when the container has what it asked for. */
export async function injectInto(
  decision: GpuDecision,
  target: Target,
  revise = (plan: Plan): Plan => plan,
): Promise<Fault | undefined> {
  const prepared = await prepare(decision, target)
  if (!prepared.ok) return prepared.fault
  const { host } = prepared.value
  const plan = revise(prepared.value.plan)
  const applied =
    plan.refusal === undefined ? applyInNamespace(plan.edits, host, target.container) : fail(plan.refusal)
  // Logged with what applying met, from within the container's namespace: the machine's mounts are still all there.
  const outcome: Plan = applied.ok
    ? { ...plan, findings: [...plan.findings, ...applied.value.findings] }
    : { ...plan, outcome: "refuse", refusal: applied.fault }
  log(target, outcome)
  if (applied.ok) return undefined
  await forgetIfChanged(applied.fault, decision.config, stateDirectory())
  return applied.fault
}

/** Shadow mode: what native injection would do is logged, and nothing is done. Whatever goes wrong is of no concern to the start. */
export async function logOnly(decision: BundleDecision): Promise<void> {
  const target = targetOf(decision)
  if (!target.ok) return
  const prepared = await prepare(decision, target.value)
  if (prepared.ok) log(target.value, prepared.value.plan)
}

const log = ({ container, bundle }: Target, plan: Plan): void =>
  logDecision({ timeMs: Date.now(), bundle, pid: String(container.pid), plan: JSON.stringify(plan) })

function targetOf({ state, spec }: BundleDecision): Result<Target> {
  if (state.pid <= 0n) return fail(fault("ContainerProcessMissing", { pid: String(state.pid) }))
  // Relative to the bundle, as the specification says; the reference takes its own working directory.
  const bundle = absolutePath(state.bundle, process.cwd())
  return ok({ container: seenFromOutside(state.pid, absolutePath(spec.rawRootPath, bundle)), bundle })
}

async function prepare(decision: GpuDecision, { container }: Target): Promise<Result<Prepared>> {
  const { config } = decision
  const { host: selector } = config.gantry
  const seen = await observeLayout(container.visibleRoot)
  if (!seen.ok) return seen
  const layout = seen.value
  const place = startPlace(selector, driverPlace(config), startKey(decision, { layout }), stateDirectory())
  const recalled = place === undefined ? undefined : recallStart(place, selector)
  const files = recalled === undefined ? undefined : await openFiles(selector)
  if (recalled !== undefined && files?.ok === true && files.value !== undefined)
    return ok({ plan: JSON.parse(recalled.plan) as Plan, host: files.value })
  const { planStart } = await import("./plan-start.ts")
  const planned = await planStart(decision, layout)
  if (!planned.ok) return planned
  const { plan, host, keep } = planned.value
  keep(place, { plan: JSON.stringify(plan), divided: undefined })
  return ok({ plan, host })
}
