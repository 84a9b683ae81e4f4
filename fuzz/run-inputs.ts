/** Makes inputs of a target and checks them, one after the other. Which input an index means depends on the seed alone. */

import { mutate } from "./mutate.ts"
import { createRandom, mixSeeds } from "./random.ts"
import type { FuzzTarget } from "./target.ts"

export interface Failure {
  readonly target: string
  readonly seed: number
  readonly index: number
  readonly problem: string
  readonly input: Uint8Array
}

/** An input that takes more processor time is slow. Units: milliseconds. */
export const slowMs = 1000

export type MakeInput = (index: number) => Uint8Array

export function prepareInputs(target: FuzzTarget, seed: number): MakeInput {
  const seeds = target.seeds()
  const tokens = target.tokens.map((token) => new TextEncoder().encode(token))
  return (index) => {
    const random = createRandom(mixSeeds(seed, target.name, index))
    const composed = target.compose !== undefined && random.once(2) ? target.compose(random) : undefined
    return mutate(composed ?? random.pick(seeds), random, random.pick(seeds), tokens)
  }
}

/** What is wrong with the answer to an input; undefined: nothing. */
export function judgeInput(target: FuzzTarget, input: Uint8Array, limitMs: number): string | undefined {
  try {
    const first = timed(() => target.check(input))
    if (first.value !== undefined || first.tookMs <= limitMs) return first.value
    // Once more: what came first paid for loading and collecting.
    const { tookMs } = timed(() => target.check(input))
    return tookMs <= limitMs ? undefined : `took ${Math.round(tookMs)} ms`
  } catch (error) {
    const where = error instanceof Error ? (error.stack ?? "").split("\n").slice(0, 3).join(" | ") : ""
    return `threw ${String(error)} ${where}`.replaceAll("\n", " ")
  }
}

function timed<T>(action: () => T): { readonly value: T; readonly tookMs: number } {
  // A busy machine is no slow parser: others' time does not count.
  const before = process.cpuUsage()
  const value = action()
  const { user, system } = process.cpuUsage(before)
  return { value, tookMs: (user + system) / 1000 }
}

export interface InputRange {
  readonly first: number
  readonly step: number
  readonly count: number
  /** None where a clock must not decide: what hangs is found by who waits. Units: milliseconds of processor time. */
  readonly limitMs?: number
}

/** Every input of a target from `first` on, in steps. `begin` hears of each before it is tried. */
export function runInputs(
  target: FuzzTarget,
  seed: number,
  { first, step, count, limitMs = Number.POSITIVE_INFINITY }: InputRange,
  begin: (index: number) => boolean = () => true,
): readonly Failure[] {
  const makeInput = prepareInputs(target, seed)
  const failures: Failure[] = []
  for (let index = first; index < count; index += step) {
    if (!begin(index)) break
    const input = makeInput(index)
    const problem = judgeInput(target, input, limitMs)
    if (problem !== undefined) failures.push({ target: target.name, seed, index, problem, input })
    // One kind of failure is worth a few examples, not thousands.
    if (failures.length >= 5) break
  }
  return failures
}

/** How many inputs each target gets of a number: by weight, at least one. Order: as given. */
export function shareInputs(
  targets: readonly FuzzTarget[],
  inputs: number,
): readonly { readonly target: FuzzTarget; readonly count: number }[] {
  const sum = targets.reduce((total, { weight }) => total + weight, 0)
  return targets.map((target) => ({ target, count: Math.max(1, Math.round((inputs * target.weight) / sum)) }))
}
