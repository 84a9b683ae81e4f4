/**
 * One process of a run: its share of every target's inputs. Before each input it writes which one it is into a file, so that the
 * process that watches it knows what it hangs at. What it finds goes to standard output, one JSON object a line.
 */

import { openSync, writeSync } from "node:fs"
import { type Failure, runInputs, shareInputs, slowMs } from "./run-inputs.ts"
import { targets } from "./targets.ts"

export interface Share {
  readonly seed: number
  readonly inputs: number
  /** This worker's number, and how many there are. */
  readonly worker: number
  readonly workers: number
  /** undefined: all. */
  readonly target: string | undefined
  /** Ends early then. Units: milliseconds from the start. */
  readonly timeMs: number
  readonly placeFile: string
}

/** A parser that keeps what it was given grows beyond this. Units: bytes. */
const growthLimit = 512 * 1024 * 1024
const memoryInterval = 2048

export type Message =
  | { readonly kind: "failure"; readonly failure: Omit<Failure, "input"> & { readonly base64: string } }
  | { readonly kind: "done"; readonly target: string; readonly count: number; readonly tookMs: number }

const say = (message: Message): void => {
  writeSync(1, `${JSON.stringify(message)}\n`)
}

export function runShare({ seed, inputs, worker, workers, target, timeMs, placeFile }: Share): void {
  const started = performance.now()
  const place = openSync(placeFile, "w")
  const chosen = targets.filter(({ name }) => target === undefined || name === target)
  for (const { target: one, count } of shareInputs(chosen, inputs)) {
    const begun = performance.now()
    const memory = watchMemory()
    let tried = 0
    let last = worker
    let grown: number | undefined
    const failures = runInputs(
      one,
      seed,
      { first: worker, step: workers, count, limitMs: slowMs },
      (index) => {
        if (performance.now() - started > timeMs) return false
        if (tried % memoryInterval === 0) grown = memory()
        if (grown !== undefined) return false
        tried++
        last = index
        writeSync(place, `${one.name} ${index}`.padEnd(64), 0)
        return true
      },
    )
    for (const { input, ...failure } of failures)
      say({ kind: "failure", failure: { ...failure, base64: Buffer.from(input).toString("base64") } })
    if (grown !== undefined) {
      const problem = `memory grew by ${Math.round(grown / 1024 ** 2)} MiB`
      say({ kind: "failure", failure: { target: one.name, seed, index: last, problem, base64: "" } })
    }
    say({ kind: "done", target: one.name, count: tried, tookMs: performance.now() - begun })
  }
  writeSync(place, "".padEnd(64), 0)
}

/** How much the process has grown, when that is too much even after what is dead was freed. */
function watchMemory(): () => number | undefined {
  Bun.gc(true)
  const before = process.memoryUsage.rss()
  return () => {
    if (process.memoryUsage.rss() - before <= growthLimit) return undefined
    Bun.gc(true)
    const grown = process.memoryUsage.rss() - before
    return grown > growthLimit ? grown : undefined
  }
}
