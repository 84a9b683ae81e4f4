/**
 * From a request and a machine to the edits that give the container its GPUs, part by part. Places and rules are the reference's
 * (facts, nvidia-container-cli §2, toolkit §4 and §5). A machine with an error that concerns the request, or a request that cannot be
 * served whole, is refused, never half-served.
 *   the driver must be there and whole; selectors become devices, rights over MIG and IMEX channels
 *   capabilities, requirements and rights are applied, or a finding says what that would change (grant-capabilities.ts)
 *   the parts' edits are put in the order of kinds; of two for one target the first stays
 *   what hooks would do that the configuration switches off is left out
 */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Inventory } from "../inventory/inventory.ts"
import { selectDevices } from "../inventory/select-devices.ts"
import type { Config } from "../request/config.ts"
import type { InjectionMode } from "../request/injection-mode.ts"
import type { ReasonLog } from "../request/reason.ts"
import type { GpuRequest } from "../request/request.ts"
import { arrangeEdits } from "./arrange-edits.ts"
import { checkMachine } from "./check-machine.ts"
import type { ContainerLayout } from "./container-layout.ts"
import { driverAbsence } from "./driver-absence.ts"
import type { Edit } from "./edit.ts"
import { grantCapabilities } from "./grant-capabilities.ts"
import { judgeRules } from "./judge-rules.ts"
import { leaveHooksOut } from "./leave-hooks-out.ts"
import { listOmissions } from "./list-omissions.ts"
import type { Omission } from "./plan.ts"
import { planEnvironment } from "./plan-environment.ts"
import { chooseLibraries, planFiles } from "./plan-files.ts"
import { planLoader } from "./plan-loader.ts"
import { planMig } from "./plan-mig.ts"
import { planNodes } from "./plan-nodes.ts"
import { lastReason, type PlanContext } from "./plan-part.ts"
import { planProcView } from "./plan-proc-view.ts"
import { planProfile } from "./plan-profile.ts"
import { selectChannels } from "./select-channels.ts"
import type { HostSnapshot } from "./snapshot.ts"

export interface NativeInput {
  readonly request: GpuRequest
  readonly snapshot: HostSnapshot
  readonly layout: ContainerLayout
  readonly config: Config
  readonly mode: InjectionMode
}

export interface NativePlan {
  readonly edits: readonly Edit[]
  readonly omissions: readonly Omission[]
  readonly findings: readonly Finding[]
}

/**
 * Faults: HostReadFailed of what the request needs, DriverNotLoaded, PlatformUnserved, DriverLibraryMissing, DriverVersionMismatch, those of selectDevices, checkMigRights, selectChannels and
 * checkMachine, RequirementUnmet, RequirementInvalid.
 */
export function planNative(input: NativeInput, log: ReasonLog): Result<NativePlan> {
  const { request, snapshot, layout, config, mode } = input
  const { driver, inventory } = snapshot
  // A board may have the module for its displays alone.
  const isBoard = inventory.platform === "tegra" && !inventory.gpus.some(({ state }) => state === "usable")
  if (driver === undefined || inventory.kernelModuleVersion === undefined || isBoard)
    return fail(driverAbsence(snapshot))
  const broken = [...driver.findings, ...driver.packageFindings].find(({ severity }) => severity === "error")
  if (broken !== undefined) return fail(broken.fault.cause ?? broken.fault)
  const selected = selectDevices(request.devices, inventory)
  if (!selected.ok) return selected
  const devices = selected.value
  const channels = selectChannels(request.imexChannels, inventory)
  if (!channels.ok) return channels

  const capabilities = grantCapabilities(request, { mode, config }, log)
  const judged = judgeRules(input, inventory, devices)
  if (!judged.ok) return judged
  const context: PlanContext = {
    request,
    config,
    mode,
    inventory,
    driver,
    layout,
    devices,
    granted: capabilities.granted,
    rights: judged.value.rights,
    because: { devices: lastReason(log, "devices."), capabilities: lastReason(log, "capabilities.") },
    log,
  }
  const nodes = planNodes(context, channels.value)
  const paths = nodes.edits.flatMap((edit) => (edit.kind === "deviceNode" ? [edit.path] : []))
  // It may be missing, and is then not among them.
  const unifiedMemory = context.granted.implied.has("compute") ? ["/dev/nvidia-uvm"] : []
  const checked = checkMachine(inventory, devices, [...paths, ...unifiedMemory])
  if (!checked.ok) return checked
  const findings = findingsOf(inventory, driver, context)
  // Of what was asked for, what is missing because it cannot be read.
  const unread = findings.find(({ fault: one }) => one.tag === "DriverFileMissing" && one.cause)?.fault.cause
  if (unread !== undefined) return fail(unread)
  const libraries = chooseLibraries(context)
  const parts = [
    nodes,
    planFiles(context, libraries),
    planMig(context),
    planProcView(context, snapshot.procFiles),
    planProfile(context),
    planLoader(context, libraries, driver.version),
    planEnvironment(context, libraries),
  ]
  const arranged = leaveHooksOut(arrangeEdits(parts.flatMap(({ edits }) => edits)), context)
  return ok({
    edits: arranged.edits,
    omissions: [
      ...listOmissions(context, libraries),
      ...parts.flatMap(({ omissions }) => omissions ?? []),
      ...arranged.omissions,
    ],
    findings: [
      ...findings,
      ...capabilities.findings,
      ...judged.value.findings,
      ...parts.flatMap(({ findings }) => findings ?? []),
    ],
  })
}

/** Notes are for who looks at the machine; a missing file is for who asked for what it serves, and a socket is judged anew. */
function findingsOf(
  inventory: Inventory,
  driver: DriverCatalogue,
  { granted }: PlanContext,
): readonly Finding[] {
  const asked: ReadonlySet<string> = granted.asked
  return [...inventory.findings, ...driver.findings].filter(({ severity, fault: one }) => {
    if (severity === "note") return false
    if (one.tag === "DriverFileMissing") return asked.has(one.data.capability)
    return one.tag !== "SocketDead"
  })
}
