/** What is wrong with specifications, as those are told who use others: a bad file of one vendor keeps no other's devices from a container. */

import type { Finding } from "../fault/finding.ts"
import type { Registry } from "./registry.ts"

/** One bad file is told of; of ten thousand the first would bury the rest of a log. */
const findingLimit = 32

/** Order: directories and conflicts, then files as read. */
export const registryFindings = ({ rejected, findings }: Registry): readonly Finding[] =>
  [
    ...findings.map((finding) => ({ ...finding, severity: "warning" as const })),
    ...rejected.flatMap(({ path, faults: [first] }): readonly Finding[] =>
      first === undefined ? [] : [{ severity: "warning", fault: first, evidence: [`${path}: not loaded`] }],
    ),
  ].slice(0, findingLimit)
