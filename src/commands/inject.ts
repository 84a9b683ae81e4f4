/** The native injector: from a decision to a container with its GPU. Loaded only when a container wants one. */

import { applyInNamespace, observeLayout } from "../apply/in-namespace.ts"
import { type Fault, fault } from "../core/fault/fault.ts"
import { fail, ok } from "../core/fault/result.ts"
import type { Decision } from "../core/plan/decide.ts"
import type { Plan } from "../core/plan/plan.ts"
import { planContainer } from "../core/plan/plan-container.ts"
import { planJson } from "../core/plan/render-plan.ts"
import { observeSnapshot } from "../core/plan/snapshot.ts"
import { absolutePath } from "../core/text/path.ts"
import { logDecision } from "../host/decision-log.ts"
import { findDriver } from "../host/driver-cache.ts"
import { liveDelegateMachine } from "../host/hook-sources.ts"
import { openHost } from "../host/open-host.ts"

/** Faults: those of planning and applying; undefined when the container has what it asked for. */
export function inject(decision: Extract<Decision, { readonly kind: "gpu" }>): Fault | undefined {
  const { config, state, spec } = decision
  const opened = openHost(config.gantry.host)
  if (!opened.ok) return opened.fault
  const host = opened.value
  const pid = state.pid
  if (pid <= 0n) return fault("ContainerProcessMissing", { pid: String(pid) })
  // Relative to the bundle, as the specification says; the reference takes its own working directory.
  const bundle = absolutePath(state.bundle, process.cwd())
  const container = { pid, rootPath: absolutePath(spec.rawRootPath, bundle) }
  const plan = planContainer(decision, {
    injector: "native",
    isDebug: false,
    workingDirectory: bundle,
    environment: [],
    delegateMachine: liveDelegateMachine,
    observe: () => ok(observeSnapshot(host, driverPlace(decision), findDriver)),
    observeLayout: () => observeLayout(container),
  })
  const applied =
    plan.refusal === undefined ? applyInNamespace(plan.edits, host, container) : fail(plan.refusal)
  // Logged with what applying met, from within the container's namespace: the machine's mounts are still all there.
  const outcome: Plan = applied.ok
    ? { ...plan, findings: [...plan.findings, ...applied.value.findings] }
    : { ...plan, outcome: "refuse", refusal: applied.fault }
  logDecision({ timeMs: Date.now(), bundle, pid: String(pid), plan: planJson(outcome) })
  return applied.ok ? undefined : applied.fault
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
