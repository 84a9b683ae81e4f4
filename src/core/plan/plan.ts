/**
 * The plan: what will be done to one container and what will not, with the reasons of both. Pure data, stable in order,
 * printable as JSON (docs/plan.md). A plan is a proposal, never an authority: appliers check again.
 */

import type { Fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Reason } from "../request/reason.ts"
import type { Edit } from "./edit.ts"

/** Something that could have been done and is not. */
export interface Omission {
  /** What is left out, as people name it: `GPU 1`, `libnvoptix.so`, `capability graphics`. */
  readonly what: string
  readonly reasons: readonly string[]
}

export type Outcome = "nothing" | "inject" | "delegate" | "refuse"

export interface Plan {
  readonly version: 1
  readonly outcome: Outcome
  readonly profile: "2020-07" | "1.13" | "1.20"
  readonly injector: "native" | "delegate"
  /** Order: by kind, as in `editOrder`; within a kind as planned. Empty unless outcome is `inject` or `delegate`. */
  readonly edits: readonly Edit[]
  readonly omissions: readonly Omission[]
  /** Order: as decided. */
  readonly reasons: readonly Reason[]
  readonly findings: readonly Finding[]
  /** Why nothing can be done, when outcome is `refuse`. */
  readonly refusal: Fault | undefined
}
