/**
 * Works out what a container is given that asks for devices of CDI specifications: from what is remembered of them where that holds, else from
 * the files. Loaded only when one does.
 */

import { registryFindings } from "../../core/cdi/registry/registry-findings.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import type { GpuDecision } from "../../core/plan/decide.ts"
import { planCdiAlone } from "../../core/plan/plan-cdi-container.ts"
import { namesForSpecifications, planFoundDevices, specifiedNodes } from "../../core/plan/plan-cdi-devices.ts"
import { specifiedMachine } from "../../host/specified-machine.ts"
import { type RecalledDevices, recallDevices } from "../../host/state/cdi-index.ts"
import { keepStart } from "../../host/state/prepared-start.ts"
import { beginSpecWitness } from "../../host/state/spec-witness.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import { openMachine } from "../machine/open-machine.ts"
import type { Asking, ReadFrom } from "./plan-from-files.ts"
import type { PlannedStart } from "./plan-start.ts"
import { specificationDirectories } from "./specification-directories.ts"

/** Faults: HostUnknown, RecordingInvalid, ConfigValueInvalid, and those of `planFromFiles`. Why a container is refused stands in the plan. */
export async function planWithSpecifications(asking: Asking): Promise<Result<PlannedStart>> {
  const { decision, asked } = asking
  const opened = await openMachine(decision.config.gantry.host)
  if (!opened.ok) return opened
  const host = opened.value
  const directories = specificationDirectories(decision.config)
  if (!directories.ok) return directories
  const from = { host, directories: directories.value, witness: beginSpecWitness(host, directories.value) }
  const names = namesForSpecifications(asked)
  const recalled =
    names === undefined ? undefined : recallDevices(host, directories.value, names, stateDirectory())
  return recalled === undefined
    ? await (await import("./plan-from-files.ts")).planFromFiles(asking, from)
    : ok(planRecalled(decision, recalled, from))
}

function planRecalled(
  decision: GpuDecision,
  { devices, problems, proof }: RecalledDevices,
  { host, witness }: ReadFrom,
): PlannedStart {
  const planned = planFoundDevices(devices, registryFindings(problems), specifiedMachine(host), decision.log)
  const plan = planCdiAlone(decision, planned)
  return {
    plan,
    host,
    keep(place, start) {
      if (place === undefined || plan.refusal !== undefined) return
      const beside = witness.proveBeside(proof, specifiedNodes(plan.edits))
      if (beside !== undefined) keepStart(place, beside, [], start)
    },
  }
}
