/**
 * What a container's start costs with Gantry's hook, beside bare runc and an empty compiled program. Every round runs every case once
 * in random order, each in a fresh bundle; figures are medians of pairs within rounds.
 */

import { existsSync } from "node:fs"
import { bareName, type Case, makeCases, removeMachines } from "./cases.ts"
import { buildMeasure, countCalls, measure, type Sample } from "./measure.ts"
import { type Figures, figuresOf } from "./table.ts"

const warmUpRounds = 2

export interface Starts {
  readonly directory: string
  readonly rounds: number
  /** 64 GPUs too. */
  readonly isFull: boolean
  /** A folder with another toolkit's programs. */
  readonly peer: string | undefined
  readonly say: (text: string) => void
}

/** Order: as the cases are given. */
export async function measureStarts({
  directory,
  rounds,
  isFull,
  peer,
  say,
}: Starts): Promise<readonly Figures[]> {
  if (peer !== undefined && !existsSync(peer)) throw new Error(`GANTRY_BENCH_PEER: no ${peer}`)
  const program = buildMeasure(directory)
  const cases = await makeCases(directory, { isFull, peer })
  try {
    const samples = sample(cases, program, rounds, say)
    const bare = samples.get(bareName) ?? []
    return cases.map(({ name, prepare }) => {
      const { commands, remove } = prepare()
      const counts = countCalls(program, commands, directory)
      remove()
      return figuresOf({ name, samples: samples.get(name) ?? [], counts }, bare)
    })
  } finally {
    removeMachines(directory)
  }
}

function sample(
  cases: readonly Case[],
  program: string,
  rounds: number,
  say: Starts["say"],
): ReadonlyMap<string, readonly Sample[]> {
  const samples = new Map<string, Sample[]>(cases.map(({ name }) => [name, []]))
  const begun = Date.now()
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const { name, prepare } of shuffled(cases)) {
      const { commands, remove } = prepare()
      const taken = measure(program, commands)
      remove()
      if (round >= 0) samples.get(name)?.push(taken)
    }
    if (round > 0 && round % 10 === 0)
      say(`round ${round} of ${rounds}, ${Math.round((Date.now() - begun) / 1000)} s`)
  }
  return samples
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[]): readonly T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    const [a, b] = [result[last], result[other]]
    if (a !== undefined && b !== undefined) [result[last], result[other]] = [b, a]
  }
  return result
}
