/** What is told of a specification that engines load all the same. */

import type { ReaderEra } from "../../fault/cdi.ts"
import type { CdiPlace } from "../../fault/cdi-place.ts"
import { type FaultOf, fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"

/** A rule of the specification that is broken, and where. */
export interface Warning extends Finding {
  readonly fault: FaultOf<"CdiRuleBroken">
}

export interface BrokenRule {
  readonly place: CdiPlace
  readonly problem: string
  readonly advice: string
  /** Runtimes refuse what follows from it: no container with the device starts. */
  readonly isFatal?: boolean | undefined
  /** Whose readers refuse the whole file for it, though it has a meaning to the others; undefined: nobody's. */
  readonly refusedBy?: ReaderEra | undefined
}

export const warnOf = ({ place, problem, advice, isFatal = false, refusedBy }: BrokenRule): Warning => ({
  severity: "warning",
  fault: fault("CdiRuleBroken", { place, problem, advice, isFatal, refusedBy }),
  evidence: [],
})
