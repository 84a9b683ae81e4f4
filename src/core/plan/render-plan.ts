/** The plan as JSON: the fields in the order of docs/plan.md, faults with their sentence and code, bytes the same every time. */

import { outlineEdits } from "../cdi/outline-spec.ts"
import { renderJson } from "../cdi/render-outline.ts"
import { faultJson, findingJson } from "../fault/render-json.ts"
import type { Edit } from "./edit.ts"
import type { Plan } from "./plan.ts"

export function planJson(plan: Plan): object {
  const { version, outcome, profile, injector, edits, omissions, reasons, findings, refusal } = plan
  return {
    version,
    outcome,
    profile,
    injector,
    edits: edits.map(editJson),
    omissions,
    reasons,
    findings: findings.map(findingJson),
    refusal: refusal === undefined ? null : faultJson(refusal),
  }
}

/** Edits of containers are in the words of their specification, where what means nothing is left out. */
const editJson = (edit: Edit): object =>
  edit.kind === "cdiDevice"
    ? { ...edit, containerEdits: JSON.parse(renderJson(outlineEdits(edit.containerEdits))) as object }
    : edit

export const renderPlanJson = (plan: Plan): string => `${JSON.stringify(planJson(plan), null, 2)}\n`
