/**
 * The requirement language of images, parsed and judged. Source: facts, nvidia-container-cli §3.
 *   expression: terms separated by blanks, one must hold · term: factors separated by commas, all must hold
 *   factor: cuda | driver | arch | brand, an operator = != < <= > >=, a value
 * A property that is not known holds, as in the reference.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { cudaOfBranch } from "../inventory/driver-branch.ts"
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
  const holds = judgeRequirement(requirement, facts)
  if (!holds.ok || holds.value) return holds.ok ? ok(true) : holds
  const first = requirement.split(" ").find((term) => term !== "") ?? ""
  const branch = findSufficientBranch(requirement, facts)
  return fail(fault("RequirementUnmet", { requirement, first, has: describeFacts(facts), branch }))
}

function judgeRequirement(requirement: string, facts: RequirementFacts): Result<boolean> {
  let hasTerm = false
  for (const term of requirement.split(" ")) {
    if (term === "") continue
    hasTerm = true
    const holds = judgeTerm(term, requirement, facts)
    if (!holds.ok || holds.value) return holds
  }
  return ok(!hasTerm)
}

/** `driver 550.163.01 gives cuda 12.4; the GPU has arch 8.0, brand Tesla`. */
function describeFacts({ driver, cuda, arch, brand }: RequirementFacts): string {
  const gpu = [arch === undefined ? "" : `arch ${arch}`, brand === undefined ? "" : `brand ${brand}`]
  const told = gpu.filter((one) => one !== "").join(", ")
  return [
    `driver ${driver ?? "of unknown version"} gives cuda ${cuda ?? "of unknown version"}`,
    ...(told === "" ? [] : [`the GPU has ${told}`]),
  ].join("; ")
}

/** Ten times what the longest of today's images asks: each branch judges the whole of it anew. Units: characters. */
const searchLimit = 16 * 1024

/** A release of a branch that is newer than any: what the branch can give at best. */
const newestOf = (branch: number): string => `${branch}.9999`

/** The smallest driver branch, this one or a newer, whose newest driver would do with the same GPU; undefined: none does. */
function findSufficientBranch(requirement: string, facts: RequirementFacts): number | undefined {
  if (requirement.length > searchLimit) return undefined
  const present = Number.parseInt(facts.driver ?? "0", 10)
  return cudaOfBranch
    .filter(([branch]) => branch >= present)
    .toReversed()
    .find(([branch, cuda]) => {
      const holds = judgeRequirement(requirement, { ...facts, driver: newestOf(branch), cuda })
      return holds.ok && holds.value
    })?.[0]
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
