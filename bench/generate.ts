/**
 * `npm run bench -- --part generate`: what a CDI specification costs, by the machine's number of GPUs and libraries, as the live host sees a
 * machine (see machine.ts), and where the time goes.
 */

import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { mustRun } from "../tests/e2e/bundle.ts"
import { enterMachine, makeMachine } from "./machine.ts"
import { type Timing, timingOf } from "./markdown.ts"

export interface GenerateBench {
  readonly directory: string
  /** The compiled bench/make-spec.ts. */
  readonly program: string
  readonly rounds: number
}

interface Machine {
  readonly root: string
  readonly gpus: number
  readonly name: string
}

const steps = ["from the program's start", "the machine", "the specification", "its text"] as const

/** Order: by machine; looked at anew, then remembered; whole, then its steps. */
export function measureGenerate({ directory, program, rounds }: GenerateBench): readonly Timing[] {
  const shapes = [
    [1, 600],
    [8, 600],
    [64, 600],
    [8, 5600],
  ] as const
  const machines = shapes.map(([gpus, libraries]): Machine => {
    const root = join(directory, `generate-${gpus}-${libraries}`)
    makeMachine(root, gpus, libraries, program)
    return { root, gpus, name: `${gpus} GPU${gpus === 1 ? "" : "s"}, ${libraries} libraries` }
  })
  const samples = new Map<string, number[]>()
  try {
    // Twice: the first makes the state directory, which is a change of the machine.
    for (const machine of [...machines, ...machines]) make(machine, "remember")
    for (let round = 0; round < rounds; round++)
      for (const machine of machines)
        for (const [way, told] of [
          ["anew", "looked at anew"],
          ["known", "remembered"],
        ] as const)
          for (const [index, ms] of make(machine, way).entries()) {
            const name = `${machine.name}, ${told}: ${steps[index]}`
            samples.set(name, [...(samples.get(name) ?? []), ms])
          }
  } finally {
    for (const { root } of machines) if (existsSync(root)) rmSync(root, { recursive: true, force: true })
  }
  return machines
    .flatMap(({ name }) =>
      ["looked at anew", "remembered"].flatMap((told) => steps.map((step) => `${name}, ${told}: ${step}`)),
    )
    .map((name) => timingOf(name, samples.get(name) ?? []))
}

/** Each step. Units: milliseconds. */
function make({ root, gpus }: Machine, way: string): readonly number[] {
  const figures = mustRun("unshare", ["--mount", "sh", "-ec", enterMachine, "sh", root, way])
    .split(" ")
    .map(Number)
  // Four names each, and all together.
  if (figures.pop() !== gpus * 4 + 1) throw new Error(`${root}: another specification`)
  return figures.map((nanoseconds) => nanoseconds / 1e6)
}
