/** The native injector: from a decision to a container with its GPU. Loaded only when a container wants one. */

import { type AppliedContainer, applyInNamespace, rootOf } from "../apply/in-namespace.ts"
import { observeLayout } from "../apply/observe-layout.ts"
import { type Fault, fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { askListening } from "../core/inventory/listening.ts"
import type { Decision } from "../core/plan/decide.ts"
import type { Plan } from "../core/plan/plan.ts"
import { planContainer } from "../core/plan/plan-container.ts"
import type { HostSnapshot, SnapshotOptions } from "../core/plan/snapshot.ts"
import { absolutePath } from "../core/text/path.ts"
import { logDecision } from "../host/decision-log.ts"
import { findHost } from "../host/find-host.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { forgetSnapshot, recallSnapshot } from "../host/recall-snapshot.ts"
import { createSimulatedFiles } from "../host/simulated-files.ts"
import { stateDirectory } from "../host/state-directory.ts"

type GpuDecision = Extract<Decision, { readonly kind: "gpu" }>

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
  // It may be that the machine has changed where nobody looks: the next start is to see it as it is.
  if (!applied.ok) forgetSnapshot(host, driverPlace(decision), stateDirectory())
  return applied.ok ? undefined : applied.fault
}

/** Shadow mode: what native injection would do is logged, and nothing is done. Whatever goes wrong is of no concern to the start. */
export async function logOnly(decision: GpuDecision): Promise<void> {
  const prepared = await prepare(decision)
  if (prepared.ok) log(prepared.value, prepared.value.plan)
}

const log = ({ container, bundle }: Prepared, plan: Plan): void =>
  logDecision({ timeMs: Date.now(), bundle, pid: String(container.pid), plan })

async function prepare(decision: GpuDecision): Promise<Result<Prepared>> {
  const { config, state, spec } = decision
  const known = await know(config.gantry.host, driverPlace(decision))
  if (!known.ok) return known
  const { host, snapshot } = known.value
  if (state.pid <= 0n) return fail(fault("ContainerProcessMissing", { pid: String(state.pid) }))
  // Relative to the bundle, as the specification says; the reference takes its own working directory.
  const bundle = absolutePath(state.bundle, process.cwd())
  const container = { pid: state.pid, rootPath: absolutePath(spec.rawRootPath, bundle) }
  const layout = await observeLayout(rootOf(container))
  const plan = planContainer(decision, {
    injector: "native",
    observe: () => ok(snapshot),
    observeLayout: () => layout,
  })
  return ok({ plan, host, container, bundle })
}

/** What is remembered is enough nearly always; the code that looks anew is loaded only when it is not. */
async function know(
  selector: string | undefined,
  options: SnapshotOptions,
): Promise<Result<{ readonly host: HostFiles; readonly snapshot: HostSnapshot }>> {
  const place = findHost(selector)
  if (!place.ok) return place
  const state = stateDirectory()
  if (place.value.kind !== "recording") {
    const files =
      place.value.kind === "live" ? createLiveFiles() : createSimulatedFiles(place.value.directory)
    const snapshot = recallSnapshot(files, options, state)
    if (snapshot !== undefined) return ok({ host: files, snapshot: withListening(snapshot, files) })
  }
  const [{ openHost }, { observeAndRemember }] = await Promise.all([
    import("../host/open-host.ts"),
    import("../host/observe-and-remember.ts"),
  ])
  const opened = openHost(selector)
  if (!opened.ok) return opened
  return ok({ host: opened.value, snapshot: observeAndRemember(opened.value, options, state) })
}

/** A service that ended leaves its socket as it was, so that what is remembered of it proves nothing. */
function withListening(snapshot: HostSnapshot, host: HostFiles): HostSnapshot {
  const { inventory } = snapshot
  if (inventory.sockets.length === 0) return snapshot
  return { ...snapshot, inventory: { ...inventory, sockets: askListening(inventory.sockets, host) } }
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
