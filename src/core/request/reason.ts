/**
 * Why something was decided: the rule, the input that fired it, the outcome. Reasons are what `explain` prints and
 * what every edit of a plan points back to.
 */

/** The input that fired a rule, with its text as written. */
export type Evidence =
  | { readonly from: "environment"; readonly name: string; readonly value: string | null }
  | { readonly from: "annotation"; readonly key: string; readonly value: string }
  | { readonly from: "mount"; readonly source: string; readonly destination: string }
  | {
      readonly from: "config"
      readonly key: string
      readonly value: string
      readonly line: number | undefined
    }
  | { readonly from: "spec"; readonly field: string; readonly value: string }
  | { readonly from: "profile"; readonly profile: string; readonly trait: string }
  | { readonly from: "machine"; readonly path: string; readonly value: string }
  | { readonly from: "commandLine"; readonly argument: string }

export interface Reason {
  /** Unique within a plan: the rule, and `#2`, `#3` … when it fired again. */
  readonly id: string
  /** The rule's stable name, dotted: `devices.environment`, `capabilities.default`, `mode.auto`. */
  readonly rule: string
  /** Order: the input that decided comes first. Empty when the rule fires without input. */
  readonly evidence: readonly Evidence[]
  /** One sentence for people: what follows. Lower case, no full stop. */
  readonly outcome: string
}

/** Collects reasons in order and gives each its id. */
export interface ReasonLog {
  add(rule: string, evidence: readonly Evidence[], outcome: string): string
  readonly reasons: readonly Reason[]
}

export function createReasonLog(): ReasonLog {
  const reasons: Reason[] = []
  const counts = new Map<string, number>()
  return {
    reasons,
    add(rule, evidence, outcome) {
      const count = (counts.get(rule) ?? 0) + 1
      counts.set(rule, count)
      const id = count === 1 ? rule : `${rule}#${count}`
      reasons.push({ id, rule, evidence, outcome })
      return id
    },
  }
}
