/** What is wrong with specifications, as those are told who use others: a bad file of one vendor keeps no other's devices from a container. */

import type { Finding } from "../../fault/finding.ts"
import type { Registry, RejectedFile } from "./registry.ts"

/** As much of a registry's troubles as is kept, and told where devices are used. */
export interface RegistryProblems {
  /** Of directories and conflicts. */
  readonly findings: readonly Finding[]
  /** Of each file the first fault. Order: as read. */
  readonly rejected: readonly RejectedFile[]
  /** How many findings and files there are besides. */
  readonly untold: number
}

/** Of each kind. One bad file is told of; of ten thousand the first would bury the rest of a log, and conflicts must not bury a file. */
const problemLimit = 32

export function registryProblems({ findings, rejected }: Registry): RegistryProblems {
  const told = { findings: findings.slice(0, problemLimit), rejected: rejected.slice(0, problemLimit) }
  return {
    findings: told.findings,
    rejected: told.rejected.map(({ path, faults }) => ({ path, faults: faults.slice(0, 1) })),
    untold: findings.length - told.findings.length + rejected.length - told.rejected.length,
  }
}

/** Order: directories and conflicts, then files as read. */
export const registryFindings = ({ findings, rejected }: RegistryProblems): readonly Finding[] => [
  ...findings.map((finding) => ({ ...finding, severity: "warning" as const })),
  ...rejected.flatMap(({ path, faults: [first] }): readonly Finding[] =>
    first === undefined ? [] : [{ severity: "warning", fault: first, evidence: [`${path}: not loaded`] }],
  ),
]
