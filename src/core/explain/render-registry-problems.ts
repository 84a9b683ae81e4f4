/** What is wrong with specifications, beside the devices of others that are used: as `gantry cdi list` has it, but in the way of nobody. */

import { type RegistryProblems, registryFindings } from "../cdi/registry/registry-findings.ts"
import { renderFaultLine } from "../fault/render.ts"
import { faultJson, findingJson } from "../fault/render-json.ts"

/** A line each. */
export const renderRegistryProblems = (problems: RegistryProblems): string =>
  [
    ...registryFindings(problems).map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}\n`),
    ...(problems.untold === 0 ? [] : [`warning: and ${problems.untold} more: gantry cdi list shows all\n`]),
  ].join("")

/** Members of an answer. */
export const registryProblemsJson = ({ findings, rejected, untold }: RegistryProblems): object => ({
  rejected: rejected.map(({ path, faults }) => ({ file: path, faults: faults.map(faultJson) })),
  findings: findings.map((finding) => findingJson({ ...finding, severity: "warning" })),
  untold,
})
