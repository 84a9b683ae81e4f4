/** What a watch does after each look at the machine: publish, wait, or give up on what is not there. Time comes in as data. */

import type { Unready } from "./find-unready.ts"

/** Units: milliseconds. */
export interface WatchLimits {
  /** A machine that lacks something vital is waited for so long before it is told of. */
  readonly readyMs: number
  /** What is not vital is waited for so long, from the moment on at which nothing vital was missing, or at which something awaited last came. */
  readonly completeMs: number
}

/** The machine as it was found lacking. Units: milliseconds of one clock. */
export interface Waiting {
  readonly kind: "waiting"
  /** When a look first found something amiss, without a whole machine since. */
  readonly sinceMs: number
  /** When a look first found nothing vital missing, without a setback since, or something come that was awaited. */
  readonly vitalSinceMs: number | undefined
  /** What that look was without. */
  readonly awaited: readonly string[]
  readonly looks: number
}

/** A specification was published that lacks this, for which nobody waits again; whatever else comes to be missing begins a wait of its own. */
export interface GivenUp {
  readonly kind: "givenUp"
  readonly whats: readonly string[]
}

/** What a watch knows of its last look; undefined: the machine was whole, or this is the first. */
export type Past = Waiting | GivenUp | undefined

export type Step =
  /** `pauseMs`: after which the machine is looked at again, changed or not; Infinity: never. */
  | { readonly kind: "publish"; readonly past: GivenUp | undefined; readonly pauseMs: number }
  | { readonly kind: "wait"; readonly past: Waiting; readonly pauseMs: number }
  /** The time is over: told once, then looked at further with the longest pause. */
  | { readonly kind: "overdue"; readonly past: Waiting; readonly pauseMs: number }

/** Pauses between looks double from the first to the last. Units: milliseconds. */
const [firstPauseMs, longestPauseMs] = [250, 30_000]

/** `past`: what the last step gave. */
export function nextStep(
  unready: readonly Unready[],
  past: Past,
  nowMs: number,
  { readyMs, completeMs }: WatchLimits,
): Step {
  const againMs = Math.min(...unready.map((one) => one.againMs ?? Number.POSITIVE_INFINITY))
  const isFinal = againMs === Number.POSITIVE_INFINITY
  const awaited = unready.filter(({ urgency }) => urgency === "awaited").map(({ what }) => what)
  const publish: Step = {
    kind: "publish",
    past: isFinal ? undefined : { kind: "givenUp", whats: awaited },
    pauseMs: againMs,
  }
  const isVitalMissing = unready.some(({ urgency }) => urgency === "vital")
  const givenUp = past?.kind === "givenUp" ? past.whats : []
  if (!isVitalMissing && awaited.every((what) => givenUp.includes(what))) return publish
  const before: Pick<Waiting, "sinceMs" | "looks" | "vitalSinceMs" | "awaited"> =
    past?.kind === "waiting" ? past : { sinceMs: nowMs, looks: 0, vitalSinceMs: undefined, awaited: [] }
  const { sinceMs, looks } = before
  const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(looks, 16), longestPauseMs)
  if (isVitalMissing) {
    const kept: Waiting = { kind: "waiting", sinceMs, vitalSinceMs: undefined, awaited, looks: looks + 1 }
    const left = sinceMs + readyMs - nowMs
    return left <= 0
      ? { kind: "overdue", past: kept, pauseMs: longestPauseMs }
      : { kind: "wait", past: kept, pauseMs: Math.min(pauseMs, left) }
  }
  // A driver starts one GPU after the other, and each takes its time: whoever is about it gets the while anew, but not for ever.
  const isFurther = before.awaited.some((what) => !awaited.includes(what))
  const onceMs = before.vitalSinceMs ?? nowMs
  const vitalSinceMs = isFurther ? Math.max(onceMs, Math.min(nowMs, sinceMs + readyMs)) : onceMs
  const left = vitalSinceMs + completeMs - nowMs
  return left <= 0
    ? publish
    : {
        kind: "wait",
        past: { kind: "waiting", sinceMs, vitalSinceMs, awaited, looks: looks + 1 },
        pauseMs: Math.min(pauseMs, left),
      }
}
