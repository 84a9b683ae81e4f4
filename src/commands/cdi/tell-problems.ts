/** Tells who uses devices what is wrong with other specifications. What puts it into words is loaded only where there is something. */

import type { RegistryProblems } from "../../core/cdi/registry/registry-findings.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { writeText } from "../report.ts"

const isNone = ({ findings, rejected }: RegistryProblems): boolean =>
  findings.length === 0 && rejected.length === 0

/** On standard error. Where nobody can be told, what was asked for is done all the same. */
export async function tellProblems(problems: RegistryProblems): Promise<void> {
  if (isNone(problems)) return
  const { renderRegistryProblems } = await import("../../core/explain/render-registry-problems.ts")
  writeText(2, renderRegistryProblems(problems))
}

/** Of directories that somebody has named those that are not there: where a device is nobody's, that is the likeliest reason. */
export const tellAbsent = (findings: readonly Finding[]): Promise<void> =>
  tellProblems({
    findings: findings.filter(({ fault }) => fault.tag === "HostReadFailed"),
    rejected: [],
    untold: 0,
  })

/** Members of an answer in JSON. */
export const problemsJson = async (problems: RegistryProblems): Promise<object> =>
  isNone(problems)
    ? { rejected: [], findings: [], untold: 0 }
    : (await import("../../core/explain/render-registry-problems.ts")).registryProblemsJson(problems)
