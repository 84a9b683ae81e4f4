/**
 * `npm run bench -- --part generate`: what `gantry cdi generate` costs, by the machine's number of GPUs and libraries, as the live host sees a
 * machine (see machine.ts). Each figure is a whole process, from its start to its end; beside it an empty one, whose start nobody can save, and
 * with GANTRY_BENCH_PEER another toolkit's `nvidia-ctk cdi generate` on the same machines.
 */

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { gantryProgram, mustRun } from "../tests/e2e/bundle.ts"
import { addProgram, enterMachine, makeMachine } from "./machine.ts"
import { type Timing, timingOf } from "./markdown.ts"
import { buildMeasure } from "./measure.ts"

export interface GenerateBench {
  readonly directory: string
  /** The compiled bench/empty.ts. */
  readonly empty: string
  readonly rounds: number
  /** A folder with another toolkit's nvidia-ctk. */
  readonly peer: string | undefined
}

interface Machine {
  readonly root: string
  readonly name: string
}

interface Way {
  readonly name: string
  readonly command: readonly string[]
  /** What is removed first of what is remembered. */
  readonly forgotten?: RegExp
}

/** The engine is named: to ask those of a machine costs what they take to answer, once. */
const generate = ["/programs/gantry", "cdi", "generate", "--for-engine", "docker@29.0"]
const shapes = [
  [1, 600],
  [8, 600],
  [64, 600],
  [8, 5600],
] as const

/** Order: by machine; of each an empty program, what is remembered of less and less, the other toolkit. */
export function measureGenerate({ directory, empty, rounds, peer }: GenerateBench): readonly Timing[] {
  const other = peer === undefined ? undefined : join(peer, "nvidia-ctk")
  const measure = buildMeasure(directory)
  const machines = shapes.map(([gpus, libraries]): Machine => {
    const root = join(directory, `generate-${gpus}-${libraries}`)
    makeMachine(root, gpus, libraries, [])
    mustRun("mknod", [join(root, "dev/null"), "c", "1", "3"])
    mkdirSync(join(root, "tmp"), { recursive: true })
    addProgram(root, gantryProgram, "gantry")
    addProgram(root, empty, "empty")
    addProgram(root, measure, "measure")
    if (other !== undefined) addProgram(root, other, "peer")
    return { root, name: `${gpus} GPU${gpus === 1 ? "" : "s"}, ${libraries} libraries` }
  })
  const ways: readonly Way[] = [
    { name: "an empty program", command: ["/programs/empty"] },
    { name: "remembered", command: generate },
    { name: "remembered, to a file", command: [...generate, "--output", "/etc/cdi/nvidia.yaml"] },
    { name: "made anew", command: generate, forgotten: /^spec-/ },
    { name: "looked at anew", command: generate, forgotten: /^/ },
    ...(other === undefined
      ? []
      : [{ name: "the other toolkit", command: ["/programs/peer", "--quiet", "cdi", "generate"] }]),
  ]
  const samples = new Map<string, number[]>()
  try {
    // Twice: the first makes the state directory, which is a change of the machine.
    for (const machine of [...machines, ...machines]) check(machine)
    for (let round = 0; round < rounds; round++)
      for (const machine of machines)
        for (const { name, command, forgotten } of ways) {
          if (forgotten !== undefined) forget(machine, forgotten)
          const [nanoseconds = 0] = runIn(machine, ["/programs/measure", ...command])
            .split(" ")
            .map(Number)
          const title = `${machine.name}: ${name}`
          samples.set(title, [...(samples.get(title) ?? []), nanoseconds / 1e6])
        }
  } finally {
    for (const { root } of machines) if (existsSync(root)) rmSync(root, { recursive: true, force: true })
  }
  const titles = machines.flatMap((machine) => ways.map(({ name }) => `${machine.name}: ${name}`))
  return titles.map((title) => timingOf(title, samples.get(title) ?? []))
}

function forget({ root }: Machine, which: RegExp): void {
  const state = join(root, "run/gantry")
  for (const name of readdirSync(state)) if (which.test(name)) rmSync(join(state, name), { recursive: true })
}

const runIn = ({ root }: Machine, command: readonly string[]): string =>
  mustRun("unshare", ["--mount", "sh", "-ec", enterMachine, "sh", root, ...command])

/** What is timed makes what it must: of each GPU four names, and all together. */
function check(machine: Machine): void {
  const devices = runIn(machine, generate).match(/^ {4}- name: /gm)?.length
  if (devices !== Number.parseInt(machine.name, 10) * 4 + 1)
    throw new Error(`${machine.name}: ${devices} devices`)
}
