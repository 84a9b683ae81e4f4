/**
 * What a walk through a hostile tree may cost in all. A limit on each thing bounds no product of them: patterns times names, names times
 * directories that lead to them, libraries times the length of their paths. Counted are steps, about as long as looking at one character.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { hostPath } from "../text/brand.ts"

export interface WalkBudget {
  /** False: not so many are left; the walk is over, and what it still asks has no answer. */
  spend(steps: number): boolean
  isSpent(): boolean
}

/** What it takes to ask the kernel about one path, its length apart. Units: steps. */
export const questionSteps = 256
/** Some 25,000 libraries with their links, five times those of a grown machine; on a slow one a few seconds. Units: steps. */
const walkSteps = 128 * 1024 * 1024

export function createWalkBudget(steps: number = walkSteps): WalkBudget {
  let left = steps
  return {
    spend(steps) {
      left = steps <= left ? left - steps : -1
      return left >= 0
    },
    isSpent: () => left < 0,
  }
}

/** A walk ends there, though there is more. */
export const limitReached = (
  path: string,
  errno: "E2BIG" | "EFBIG" | "ENAMETOOLONG",
  syscall: "include" | "search" = "include",
): Finding => ({
  severity: "warning",
  fault: fault("HostReadFailed", { path: hostPath(path), syscall, errno, reason: "other" }),
  evidence: [path],
})
