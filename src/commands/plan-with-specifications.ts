/** Works out what a container is given that asks for devices of CDI specifications. Loaded only when one does. */

import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { ContainerLayout } from "../core/plan/container-layout.ts"
import type { GpuDecision } from "../core/plan/decide.ts"
import { hasDevice } from "../core/plan/has-device.ts"
import { planCdiAlone, planCdiContainer } from "../core/plan/plan-cdi-container.ts"
import { namesDecidedBy, planCdiDevices, planSpecifiedDevices } from "../core/plan/plan-cdi-devices.ts"
import type { AskedDevice } from "../core/request/asked-devices.ts"
import { findHostNode } from "../host/find-host-node.ts"
import { openFiles } from "../host/open-files.ts"
import type { PlannedStart, SuppliedMachine } from "./plan-start.ts"
import { readSpecifications } from "./read-specifications.ts"

export interface Asking {
  readonly decision: GpuDecision
  readonly asked: readonly AskedDevice[]
  readonly layout: ContainerLayout
  /** Asked only where specifications do not decide alone. */
  know(): Promise<Result<SuppliedMachine>>
}

/**
 * It is not kept for other containers: no stamp tells of specifications. Faults: HostUnknown, RecordingInvalid, ConfigValueInvalid. Why a
 * container is refused stands in the plan.
 */
export async function planWithSpecifications({
  decision,
  asked,
  layout,
  know,
}: Asking): Promise<Result<PlannedStart>> {
  const { config, log } = decision
  const opened = await openMachine(config.gantry.host)
  if (!opened.ok) return opened
  const host = opened.value
  const registry = readSpecifications(host, config)
  if (!registry.ok) return registry
  const specifications = { registry: registry.value, findHostNode: findHostNode(host) }
  const start = { host, keep: () => undefined }
  const names = namesDecidedBy(registry.value, asked)
  if (names !== undefined) {
    const planned = planSpecifiedDevices(names, specifications, log)
    return ok({ ...start, plan: planCdiAlone(decision, planned) })
  }
  const known = await know()
  if (!known.ok) return known
  const { snapshot, notSupplied } = known.value
  const planned = planCdiDevices(
    { ...specifications, asked, isOwn: (selector) => hasDevice(snapshot, selector) },
    log,
  )
  const plan = planCdiContainer(decision, planned, {
    injector: "native",
    observe: () => ok(snapshot),
    observeLayout: () => layout,
  })
  return ok({ ...start, plan: { ...plan, findings: [...plan.findings, ...notSupplied] } })
}

async function openMachine(selector: string | undefined): Promise<Result<HostFiles>> {
  const files = openFiles(selector)
  if (!files.ok) return files
  return files.value === undefined
    ? (await import("../host/open-host.ts")).openHost(selector)
    : ok(files.value)
}
