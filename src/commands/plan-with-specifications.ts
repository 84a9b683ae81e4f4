/** Works out what a container is given that asks for devices of CDI specifications. Loaded only when one does. */

import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { ContainerLayout } from "../core/plan/container-layout.ts"
import type { GpuDecision } from "../core/plan/decide.ts"
import { hasDevice } from "../core/plan/has-device.ts"
import { planCdiContainer } from "../core/plan/plan-cdi-container.ts"
import { isDecidedBy, planCdiDevices } from "../core/plan/plan-cdi-devices.ts"
import { planContainer } from "../core/plan/plan-container.ts"
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
  const input = { asked, registry: registry.value, findHostNode: findHostNode(host) }
  const start = { host, keep: () => undefined }
  if (isDecidedBy(registry.value, asked)) {
    const planned = planCdiDevices({ ...input, isOwn: () => false }, log)
    return ok({ ...start, plan: planCdiContainer(decision, planned) })
  }
  const known = await know()
  if (!known.ok) return known
  const { snapshot, notSupplied } = known.value
  const cdiDevices = planCdiDevices({ ...input, isOwn: (selector) => hasDevice(snapshot, selector) }, log)
  const plan = planContainer(decision, {
    injector: "native",
    observe: () => ok(snapshot),
    observeLayout: () => layout,
    cdiDevices,
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
