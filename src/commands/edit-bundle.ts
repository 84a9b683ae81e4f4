/** The wrapper's injector: from a decision to a bundle whose container will have its GPUs. Loaded only when a container wants one. */

import { readlinkSync } from "node:fs"
import { applyToBundle } from "../apply/edit-bundle.ts"
import { observeLayout } from "../apply/observe-layout.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { readRootOwner } from "../core/oci/root-owner.ts"
import type { BundleDecision } from "../core/plan/decide.ts"
import type { Plan } from "../core/plan/plan.ts"
import { planContainer } from "../core/plan/plan-container.ts"
import { absolutePath, cleanPath, joinPath, parentPath } from "../core/text/path.ts"
import { logDecision } from "../host/decision-log.ts"
import { forgetSnapshot } from "../host/recall-snapshot.ts"
import { stateDirectory } from "../host/state-directory.ts"
import { driverPlace, knowMachine } from "./know-machine.ts"

/** `spec`: config.json's text, in which what is no UTF-8 is kept. Faults: those of planning and applying. */
export async function editBundle(
  decision: BundleDecision,
  { bundle, spec }: { readonly bundle: string; readonly spec: string },
): Promise<Result<true>> {
  const { config } = decision
  const known = await knowMachine(config.gantry.host, driverPlace(config))
  if (!known.ok) return known
  const { host, snapshot } = known.value
  const rootPath = absolutePath(decision.spec.rawRootPath, bundle)
  const layout = await observeLayout(rootPath)
  const plan = planContainer(decision, {
    injector: "native",
    observe: () => ok(snapshot),
    observeLayout: () => layout,
  })
  const log = (outcome: Plan): void => logDecision({ timeMs: Date.now(), bundle, pid: "0", plan: outcome })
  if (plan.refusal !== undefined) {
    log(plan)
    return fail(plan.refusal)
  }
  if (config.gantry.mode === "shadow") {
    log(plan)
    return ok(true)
  }
  const applied = applyToBundle(
    plan.edits,
    host,
    {
      specPath: joinPath(bundle, "config.json"),
      spec,
      rootPath,
      mountedOver: decision.spec.mounts.map(({ destination }) => cleanPath(destination)),
      mappedRoot: readRootOwner(spec),
    },
    { launcher: `${parentPath(readlinkSync("/proc/self/exe"))}/gantry-launcher`, state: stateDirectory() },
  )
  log(
    applied.ok
      ? { ...plan, findings: [...plan.findings, ...applied.value.findings] }
      : { ...plan, outcome: "refuse", refusal: applied.fault },
  )
  // It may be that the machine has changed where nobody looks: the next start is to see it as it is.
  if (!applied.ok) forgetSnapshot(host, driverPlace(config), stateDirectory())
  return applied.ok ? ok(true) : applied
}
