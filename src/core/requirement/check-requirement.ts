/**
 * The requirement language of images, parsed and judged. Source: facts, nvidia-container-cli §3.
 *   expression: terms separated by blanks, one must hold · term: factors separated by commas, all must hold
 *   factor: cuda | driver | arch | brand, an operator = != < <= > >=, a value
 * A property that is not known holds, as in the reference.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { compareVersions } from "../text/version.ts"

export interface RequirementFacts {
  readonly cuda: string | undefined
  readonly driver: string | undefined
  /** Of one GPU; undefined when there is none or its model is not known. */
  readonly arch: string | undefined
  readonly brand: string | undefined
}

type Comparison = (difference: number) => boolean

const comparisons: Readonly<Record<string, Comparison>> = {
  "=": (difference) => difference === 0,
  "!=": (difference) => difference !== 0,
  "!": (difference) => difference !== 0,
  "<": (difference) => difference < 0,
  "<=": (difference) => difference <= 0,
  ">": (difference) => difference > 0,
  ">=": (difference) => difference >= 0,
}

/** Faults: RequirementUnmet, RequirementInvalid. */
export function checkRequirement(requirement: string, facts: RequirementFacts): Result<true> {
  let hasTerm = false
  for (const term of requirement.split(" ")) {
    if (term === "") continue
    hasTerm = true
    const holds = judgeTerm(term, requirement, facts)
    if (!holds.ok || holds.value) return holds.ok ? ok(true) : holds
  }
  if (!hasTerm) return ok(true)
  const has = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")
  const first = requirement.split(" ").find((term) => term !== "") ?? ""
  return fail(fault("RequirementUnmet", { requirement, has, first }))
}

function judgeTerm(term: string, requirement: string, facts: RequirementFacts): Result<boolean> {
  for (const factor of term.split(",")) {
    if (factor === "") continue
    const holds = judgeFactor(factor, facts)
    if (holds === undefined) return fail(fault("RequirementInvalid", { requirement, part: factor }))
    if (!holds) return ok(false)
  }
  return ok(true)
}

/** undefined: the factor is malformed. */
function judgeFactor(factor: string, facts: RequirementFacts): boolean | undefined {
  const match = /^([^<>=!]+)([<>=!]+)(.+)$/s.exec(factor)
  if (match === null) return undefined
  const [, rawName = "", operator = "", value = ""] = match
  const name = rawName.toLowerCase()
  const compare = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined
  if (compare === undefined) return undefined
  if (name === "brand") {
    if (operator !== "=" && !operator.startsWith("!")) return undefined
    if (facts.brand === undefined) return true
    return compare(facts.brand.toLowerCase() === value.toLowerCase() ? 0 : 1)
  }
  if (name !== "cuda" && name !== "driver" && name !== "arch") return undefined
  const has = facts[name]
  if (has === undefined) return true
  const difference = compareVersions(has, value)
  return difference === undefined ? undefined : compare(difference)
}
