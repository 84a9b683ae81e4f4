/** Works out what a container is given. Loaded only when none has asked for the same of this machine before. */

import type { Finding } from "../../core/fault/finding.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { findAbsence } from "../../core/inventory/find-absence.ts"
import type { ContainerLayout } from "../../core/plan/container-layout.ts"
import type { GpuDecision } from "../../core/plan/decide.ts"
import { hasDevice } from "../../core/plan/has-device.ts"
import type { Plan } from "../../core/plan/plan.ts"
import { planContainer } from "../../core/plan/plan-container.ts"
import { planNative } from "../../core/plan/plan-native.ts"
import { askedDevices, needSpecifications } from "../../core/request/asked-devices.ts"
import { isInUserNamespace } from "../../host/own-user-namespace.ts"
import { keepStart, type PreparedStart, type StartPlace } from "../../host/state/prepared-start.ts"
import { type KnownMachine, knowMachine } from "../machine/know-machine.ts"
import { driverPlace } from "./driver-place.ts"
import type { Asking } from "./plan-from-files.ts"

export interface PlannedStart {
  readonly plan: Plan
  readonly host: HostFiles
  /** Keeps what was made of the plan for the next container that asks for the same, if the machine is known well enough. */
  keep(place: StartPlace | undefined, start: PreparedStart): void
}

/** Faults: HostUnknown, RecordingInvalid, ConfigValueInvalid. Why a container is refused stands in the plan. */
export async function planStart(
  decision: GpuDecision,
  layout: ContainerLayout,
): Promise<Result<PlannedStart>> {
  const asked = askedDevices(decision.request, decision.mode, decision.config)
  const withSpecifications = async (know: Asking["know"]): Promise<Result<PlannedStart>> =>
    (await import("./plan-with-specifications.ts")).planWithSpecifications({ decision, asked, layout, know })
  if (needSpecifications(asked)) return await withSpecifications(() => knowSupplied(decision))
  const known = await knowSupplied(decision)
  if (!known.ok) return known
  const { host, snapshot, recalled, notSupplied } = known.value
  if (asked.some(({ from, selector }) => from === "machineFirst" && !hasDevice(snapshot, selector)))
    return await withSpecifications(async () => known)
  const planMachine =
    decision.mode === "csv" ? (await import("../../core/plan/plan-platform.ts")).planPlatform : planNative
  const planned = planContainer(decision, {
    injector: "native",
    planMachine,
    observe: () => ok(snapshot),
    observeLayout: () => layout,
  })
  const plan =
    notSupplied.length === 0 ? planned : { ...planned, findings: [...planned.findings, ...notSupplied] }
  return ok({
    plan,
    host,
    keep(place, start) {
      // What could not be supplied now may be the next time, and no stamp would tell.
      const isWhole = recalled !== undefined && plan.refusal === undefined && notSupplied.length === 0
      if (place !== undefined && isWhole) keepStart(place, recalled, snapshot.inventory.sockets, start)
    },
  })
}

/** With what could not be had of its driver. */
export interface SuppliedMachine extends KnownMachine {
  readonly notSupplied: readonly Finding[]
}

/** The driver; then its other modules and the nodes of its GPUs; then the nodes of these. */
const roundLimit = 3

/** The machine, with whatever of its driver it did not have yet. */
async function knowSupplied(decision: GpuDecision): Promise<Result<SuppliedMachine>> {
  const { config } = decision
  const place = driverPlace(config)
  let notSupplied: readonly Finding[] = []
  for (let round = 0; ; round++) {
    const known = await knowMachine(config.gantry.host, place)
    if (!known.ok) return known
    const { host, snapshot } = known.value
    const done = { ...known.value, notSupplied }
    if (round === roundLimit || !maySupply(decision)) return ok(done)
    const absence = findAbsence(host, snapshot.inventory, { setsModes: setsModes(decision) })
    if (absence.modules.length + absence.nodes.length === 0) return ok(done)
    const { supplyNodes } = await import("./supply-nodes.ts")
    const supply = await supplyNodes(host, absence, snapshot.inventory, place)
    notSupplied = supply.findings
    if (!supply.isChanged) return ok({ ...done, notSupplied })
  }
}

/**
 * Whether starts may: that is the affair of the machine's root, and of the configuration. A board's nodes are its own system's.
 */
const maySupply = ({ config, mode }: GpuDecision): boolean =>
  mode !== "csv" &&
  config.value("nvidia-container-cli.load-kmods") !== false &&
  config.gantry.mode !== "shadow" &&
  process.geteuid?.() === 0 &&
  !isInUserNamespace()

/** Who sets display modes asks for it by name. */
export const setsModes = ({ request }: GpuDecision): boolean => request.capabilities.includes("display")
