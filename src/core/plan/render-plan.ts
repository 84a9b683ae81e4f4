/** The plan as JSON: the fields in the order of docs/plan.md, faults with their sentence and code, bytes the same every time. */

import { faultJson, findingJson } from "../fault/render-json.ts"
import type { Plan } from "./plan.ts"

export function planJson(plan: Plan): object {
  const { version, outcome, profile, injector, edits, omissions, reasons, findings, refusal } = plan
  return {
    version,
    outcome,
    profile,
    injector,
    edits,
    omissions,
    reasons,
    findings: findings.map(findingJson),
    refusal: refusal === undefined ? null : faultJson(refusal),
  }
}

export const renderPlanJson = (plan: Plan): string => `${JSON.stringify(planJson(plan), null, 2)}\n`
