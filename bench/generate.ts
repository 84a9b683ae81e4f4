/**
 * `npm run bench -- --part generate`: what a CDI specification costs, by the machine's number of GPUs and libraries, as the live host sees a
 * machine (see machine.ts), and where the time goes. With GANTRY_BENCH_PEER, another toolkit's `nvidia-ctk cdi generate` on the same machines,
 * both with the time that it takes to enter the machine's root.
 */

import { existsSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { mustRun } from "../tests/e2e/bundle.ts"
import { addProgram, enterMachine, makeMachine } from "./machine.ts"
import { type Timing, timingOf } from "./markdown.ts"

export interface GenerateBench {
  readonly directory: string
  /** The compiled bench/make-spec.ts. */
  readonly program: string
  readonly rounds: number
  /** A folder with another toolkit's nvidia-ctk. */
  readonly peer: string | undefined
}

interface Machine {
  readonly root: string
  readonly gpus: number
  readonly name: string
}

const steps = ["from the program's start", "the machine", "the specification", "its text"] as const

/** Order: by machine; looked at anew, then remembered; whole, then its steps. */
export function measureGenerate({ directory, program, rounds, peer }: GenerateBench): readonly Timing[] {
  const other = peer === undefined ? undefined : join(peer, "nvidia-ctk")
  const shapes = [
    [1, 600],
    [8, 600],
    [64, 600],
    [8, 5600],
  ] as const
  const machines = shapes.map(([gpus, libraries]): Machine => {
    const root = join(directory, `generate-${gpus}-${libraries}`)
    makeMachine(root, gpus, libraries, program, [])
    if (other !== undefined) {
      addProgram(root, other, "peer")
      mkdirSync(join(root, "tmp"), { recursive: true })
    }
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
          for (const [index, ms] of make(machine, way).entries())
            note(`${machine.name}, ${told}: ${steps[index]}`, ms)
    if (other !== undefined)
      for (let round = 0; round < rounds; round++)
        for (const machine of machines)
          for (const [name, script] of [
            ["ours, looked at anew", enterMachine],
            ["the other toolkit", enterMachine.replace('/observe "$2"', "/peer --quiet cdi generate")],
          ] as const)
            note(`${machine.name}, root entered: ${name}`, timeOf(machine, script))
  } finally {
    for (const { root } of machines) if (existsSync(root)) rmSync(root, { recursive: true, force: true })
  }
  return [...samples]
    .sort(([one], [two]) => place(one) - place(two))
    .map(([name, values]) => timingOf(name, values))

  function note(name: string, ms: number): void {
    samples.set(name, [...(samples.get(name) ?? []), ms])
  }
  /** By machine; otherwise as measured. */
  function place(name: string): number {
    return machines.findIndex((machine) => name.startsWith(`${machine.name},`))
  }
}

/** Units: milliseconds. */
function timeOf({ root }: Machine, script: string): number {
  const begun = Bun.nanoseconds()
  mustRun("unshare", ["--mount", "sh", "-ec", script, "sh", root, "anew"])
  return (Bun.nanoseconds() - begun) / 1e6
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
