/** The plan as JSON: the fields in the order of docs/plan.md, faults with their sentence and code, bytes the same every time. */

import type { Fault } from "../fault/fault.ts"
import { faultCode, faultSentence, remediesOf, renderRemedy } from "../fault/render.ts"
import type { Plan } from "./plan.ts"

const faultJson = (fault: Fault): object => ({
  code: faultCode(fault),
  tag: fault.tag,
  sentence: faultSentence(fault),
  remedies: remediesOf(fault).map(renderRemedy),
})

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
    findings: findings.map(({ severity, fault, evidence }) => ({ severity, ...faultJson(fault), evidence })),
    refusal: refusal === undefined ? null : faultJson(refusal),
  }
}

export const renderPlanJson = (plan: Plan): string => `${JSON.stringify(planJson(plan), null, 2)}\n`
