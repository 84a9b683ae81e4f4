/** The wrapper's injector: from a decision to a bundle whose container will have its GPUs. Loaded only when a container wants one. */

import { readlinkSync } from "node:fs"
import { applyToBundle, type WrapperTools } from "../../apply/edit-bundle.ts"
import { observeLayout } from "../../apply/observe-layout.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { readRootOwner } from "../../core/oci/root-owner.ts"
import type { BundleDecision } from "../../core/plan/decide.ts"
import type { DividedEdits } from "../../core/plan/divide-edits.ts"
import type { Plan } from "../../core/plan/plan.ts"
import { startKey } from "../../core/plan/start-key.ts"
import { absolutePath, cleanPath, joinPath, parentPath } from "../../core/text/path.ts"
import { isInUserNamespace } from "../../host/own-user-namespace.ts"
import { logDecision } from "../../host/state/decision-log.ts"
import { type PreparedStart, recallStart, startPlace } from "../../host/state/prepared-start.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import { forgetIfChanged } from "../machine/forget-if-changed.ts"
import { driverPlace } from "./driver-place.ts"

/** Whose are files of groups that a user namespace does not have. Source: kernel.overflowgid, proc(5). */
const overflowGid = 65_534

/** Faults: those of planning and applying. */
export async function editBundle(decision: BundleDecision, bundle: string): Promise<Result<true>> {
  const { config, spec } = decision
  const state = stateDirectory()
  const rootPath = absolutePath(spec.rawRootPath, bundle)
  const mappedRoot = readRootOwner(spec.document.value)
  const layout =
    decision.mode === "csv"
      ? await (await import("./observe-board-layout.ts")).observeBoardLayout(rootPath, config)
      : await observeLayout(rootPath)
  if (!layout.ok) return layout
  const surroundings = {
    layout: layout.value,
    mountedOver: spec.mounts.map(({ destination }) => cleanPath(destination)),
    hasUserNamespace: mappedRoot !== undefined || isInUserNamespace(),
    unknownGid: isInUserNamespace() ? overflowGid : undefined,
  }
  const log = (plan: string): void => logDecision({ timeMs: Date.now(), bundle, pid: "0", plan })

  const place = startPlace(config.gantry.host, driverPlace(config), startKey(decision, surroundings), state)
  const recalled = place === undefined ? undefined : recallStart(place, config.gantry.host)
  const start = isForBundle(recalled)
    ? ok(recalled)
    : await (await import("./plan-bundle.ts")).planBundle(decision, { ...surroundings, place, log })
  if (!start.ok) return start
  const { plan, divided } = start.value
  if (config.gantry.mode === "shadow") {
    log(plan)
    return ok(true)
  }
  const adder = await adderFor(divided, config.gantry.host)
  if (!adder.ok) return adder
  const applied = applyToBundle(
    divided,
    { specPath: joinPath(bundle, "config.json"), spec: spec.document, rootPath, mappedRoot },
    {
      launcher: `${parentPath(readlinkSync("/proc/self/exe"))}/gantry-launcher`,
      state,
      addCdiDevices: adder.value,
    },
  )
  log(withOutcome(plan, applied))
  if (applied.ok) return ok(true)
  await forgetIfChanged(applied.fault, config, state)
  return fail(applied.fault)
}

export interface BundleStart extends PreparedStart {
  readonly divided: DividedEdits
}

const isForBundle = (start: PreparedStart | undefined): start is BundleStart => start?.divided !== undefined

async function adderFor(
  { cdiDevices }: DividedEdits,
  selector: string | undefined,
): Promise<Result<WrapperTools["addCdiDevices"]>> {
  return cdiDevices.length === 0
    ? ok(undefined)
    : (await import("./cdi-adder.ts")).cdiAdder(cdiDevices, selector)
}

/** With what applying met. Mostly that is nothing, and the text stays as it is. */
function withOutcome(text: string, applied: ReturnType<typeof applyToBundle>): string {
  if (applied.ok && applied.value.findings.length === 0) return text
  const plan = JSON.parse(text) as Plan
  return JSON.stringify(
    applied.ok
      ? { ...plan, findings: [...plan.findings, ...applied.value.findings] }
      : { ...plan, outcome: "refuse", refusal: applied.fault },
  )
}
