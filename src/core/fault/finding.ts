/** A fault that was noticed rather than met: with its severity and the evidence, as `explain` and `doctor` show it. */

import type { Fault } from "./fault.ts"

export interface Finding {
  /** `error`: a request it concerns is refused. `warning`: something will not work. `note`: good to know. */
  readonly severity: "error" | "warning" | "note"
  readonly fault: Fault
  /** What was seen, each as `path: text`. Order: as observed. */
  readonly evidence: readonly string[]
}
