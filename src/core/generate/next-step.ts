/** What a watch does after each look at the machine: publish, wait, or give up on what is not there. Time comes in as data. */

import type { Unready } from "./find-unready.ts"

/** Units: milliseconds. */
export interface WatchLimits {
  /** A machine that lacks something vital is waited for so long before it is told of. */
  readonly readyMs: number
  /** What is not vital is waited for so long, from the moment on at which nothing vital was missing. */
  readonly completeMs: number
}

/** The machine as it was found lacking. Units: milliseconds of one clock. */
export interface Waiting {
  /** When a look first found something amiss, without a whole machine since. */
  readonly sinceMs: number
  /** When a look first found nothing vital missing, without a setback since. */
  readonly vitalSinceMs: number | undefined
  readonly looks: number
}

export type Step =
  /** `pauseMs`: after which the machine is looked at again, changed or not; Infinity: never. `waiting`: what was waited for in vain is not again. */
  | { readonly kind: "publish"; readonly waiting: Waiting | undefined; readonly pauseMs: number }
  | { readonly kind: "wait"; readonly waiting: Waiting; readonly pauseMs: number }
  /** The time is over: told once, then looked at further with the longest pause. */
  | { readonly kind: "overdue"; readonly waiting: Waiting; readonly pauseMs: number }

/** Pauses between looks double from the first to the last. Units: milliseconds. */
const [firstPauseMs, longestPauseMs] = [250, 30_000]

/** `waiting`: what the last step gave; undefined: the machine was whole, or this is the first look. */
export function nextStep(
  unready: readonly Unready[],
  waiting: Waiting | undefined,
  nowMs: number,
  { readyMs, completeMs }: WatchLimits,
): Step {
  const againMs = Math.min(...unready.map((one) => one.againMs ?? Number.POSITIVE_INFINITY))
  const isFinal = againMs === Number.POSITIVE_INFINITY
  const publish: Step = { kind: "publish", waiting: isFinal ? undefined : waiting, pauseMs: againMs }
  if (unready.every(({ urgency }) => urgency === "later")) return publish
  const { sinceMs = nowMs, looks = 0, vitalSinceMs } = waiting ?? {}
  const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(looks, 16), longestPauseMs)
  if (unready.some(({ urgency }) => urgency === "vital")) {
    const kept: Waiting = { sinceMs, vitalSinceMs: undefined, looks: looks + 1 }
    const left = sinceMs + readyMs - nowMs
    return left <= 0
      ? { kind: "overdue", waiting: kept, pauseMs: longestPauseMs }
      : { kind: "wait", waiting: kept, pauseMs: Math.min(pauseMs, left) }
  }
  const since = vitalSinceMs ?? nowMs
  const left = since + completeMs - nowMs
  return left <= 0
    ? publish
    : {
        kind: "wait",
        waiting: { sinceMs, vitalSinceMs: since, looks: looks + 1 },
        pauseMs: Math.min(pauseMs, left),
      }
}
