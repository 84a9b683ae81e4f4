/** The native injector: from a decision to a container with its GPU. Loaded only when a container wants one. */

import { type AppliedContainer, applyInNamespace, observeLayout } from "../apply/in-namespace.ts"
import { type Fault, fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
import type { Decision } from "../core/plan/decide.ts"
import type { Plan } from "../core/plan/plan.ts"
import { planContainer } from "../core/plan/plan-container.ts"
import { planJson } from "../core/plan/render-plan.ts"
import { absolutePath } from "../core/text/path.ts"
import { logDecision } from "../host/decision-log.ts"
import { liveDelegateMachine } from "../host/hook-sources.ts"
import { openHost } from "../host/open-host.ts"
import { recallSnapshot } from "../host/snapshot-cache.ts"

type GpuDecision = Extract<Decision, { readonly kind: "gpu" }>

/** What would be done natively, with the machine and the container that it would be done to. */
interface Prepared {
  readonly plan: Plan
  readonly host: Host
  readonly container: AppliedContainer
  readonly bundle: string
}

/** Faults: those of planning and applying; undefined when the container has what it asked for. */
export function inject(decision: GpuDecision): Fault | undefined {
  const prepared = prepare(decision)
  if (!prepared.ok) return prepared.fault
  const { plan, host, container } = prepared.value
  const applied =
    plan.refusal === undefined ? applyInNamespace(plan.edits, host, container) : fail(plan.refusal)
  // Logged with what applying met, from within the container's namespace: the machine's mounts are still all there.
  const outcome: Plan = applied.ok
    ? { ...plan, findings: [...plan.findings, ...applied.value.findings] }
    : { ...plan, outcome: "refuse", refusal: applied.fault }
  log(prepared.value, outcome)
  return applied.ok ? undefined : applied.fault
}

/** Shadow mode: what native injection would do is logged, and nothing is done. Whatever goes wrong is of no concern to the start. */
export function logOnly(decision: GpuDecision): void {
  const prepared = prepare(decision)
  if (prepared.ok) log(prepared.value, prepared.value.plan)
}

const log = ({ container, bundle }: Prepared, plan: Plan): void =>
  logDecision({ timeMs: Date.now(), bundle, pid: String(container.pid), plan: planJson(plan) })

function prepare(decision: GpuDecision): Result<Prepared> {
  const { config, state, spec } = decision
  const opened = openHost(config.gantry.host)
  if (!opened.ok) return opened
  const host = opened.value
  if (state.pid <= 0n) return fail(fault("ContainerProcessMissing", { pid: String(state.pid) }))
  // Relative to the bundle, as the specification says; the reference takes its own working directory.
  const bundle = absolutePath(state.bundle, process.cwd())
  const container = { pid: state.pid, rootPath: absolutePath(spec.rawRootPath, bundle) }
  const plan = planContainer(decision, {
    injector: "native",
    isDebug: false,
    workingDirectory: bundle,
    environment: [],
    delegateMachine: liveDelegateMachine,
    observe: () => ok(recallSnapshot(host, driverPlace(decision))),
    observeLayout: () => observeLayout(container),
  })
  return ok({ plan, host, container, bundle })
}

/** Where the configuration says that the driver lies. */
export const driverPlace = ({
  config,
}: Pick<Extract<Decision, { readonly kind: "gpu" }>, "config">): {
  readonly driverRoot: string
  readonly ldcache: string
} => ({
  driverRoot: config.value("nvidia-container-cli.root") || "/",
  ldcache: config.value("nvidia-container-cli.ldcache") || "/etc/ld.so.cache",
})
