/** What a mode applies of the container's requirements and rights over MIG, and what it would change if it did. */

import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Inventory } from "../inventory/inventory.ts"
import { checkMigRights, type MigRight } from "../inventory/mig-rights.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import type { Config } from "../request/config.ts"
import { appliesRequirements, type InjectionMode, isStrict } from "../request/injection-mode.ts"
import type { GpuRequest } from "../request/request.ts"
import { findUnmetRequirement } from "./check-machine.ts"
import { notApplied } from "./grant-capabilities.ts"

export interface JudgedInput {
  readonly request: GpuRequest
  readonly config: Config
  readonly mode: InjectionMode
}

/** Requirements and rights over MIG, as strictly as the mode has them. */
export function judgeRules(
  { request, mode, config }: JudgedInput,
  inventory: Inventory,
  devices: readonly SelectedDevice[],
): Result<{ readonly rights: readonly MigRight[]; readonly findings: readonly Finding[] }> {
  const unmet = findUnmetRequirement(request.requirements, inventory, devices)
  const asked = { config: request.migConfig, monitor: request.migMonitor }
  if (unmet !== undefined && appliesRequirements(mode, config)) return fail(unmet)
  if (isStrict(mode, config)) {
    const rights = checkMigRights(asked, devices)
    return rights.ok ? ok({ rights: rights.value, findings: [] }) : rights
  }
  const refusal = "the start would be refused"
  const findings = request.passedOver.map((one) => notApplied(mode, one.rule, refusal, one.fault))
  if (unmet !== undefined) findings.push(notApplied(mode, "requirements", refusal, unmet))
  for (const [right, value] of Object.entries(asked))
    if (value !== "")
      findings.push(notApplied(mode, `NVIDIA_MIG_${right.toUpperCase()}_DEVICES`, "the right would be given"))
  return ok({ rights: [], findings })
}
