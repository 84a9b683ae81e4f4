/** Tells who uses devices what is wrong with other specifications. What puts it into words is loaded only where there is something. */

import type { RegistryProblems } from "../../core/cdi/registry/registry-findings.ts"
import { writeText } from "../report.ts"

const isNone = ({ findings, rejected }: RegistryProblems): boolean =>
  findings.length === 0 && rejected.length === 0

/** On standard error. Where nobody can be told, what was asked for is done all the same. */
export async function tellProblems(problems: RegistryProblems): Promise<void> {
  if (isNone(problems)) return
  const { renderRegistryProblems } = await import("../../core/explain/render-registry-problems.ts")
  writeText(2, renderRegistryProblems(problems))
}

/** Members of an answer in JSON. */
export const problemsJson = async (problems: RegistryProblems): Promise<object> =>
  isNone(problems)
    ? { rejected: [], findings: [], untold: 0 }
    : (await import("../../core/explain/render-registry-problems.ts")).registryProblemsJson(problems)
