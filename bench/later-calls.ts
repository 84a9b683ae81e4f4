/**
 * `npm run bench -- --part later`: what engines ask of a container that is there already, `state` and `delete`, through the wrapper and of the
 * runtime itself. Each figure is a whole process; the pair of a round is timed on containers of that round, in random order.
 */

import { spawnSync } from "node:child_process"
import { rmSync } from "node:fs"
import { makeBundle, mustRun, wrapperProgram } from "../tests/e2e/bundle.ts"
import { type Timing, timingOf } from "./markdown.ts"

const programs = [
  { name: "bare runc", program: "runc" },
  { name: "through the wrapper", program: wrapperProgram },
] as const

export interface LaterBench {
  /** Where bundles are made. */
  readonly directory: string
  readonly rounds: number
}

/** Order: by call, the runtime itself first. */
export function measureLaterCalls({ directory, rounds }: LaterBench): readonly Timing[] {
  const calls = ["state", "delete"] as const
  const samples = new Map<string, number[]>()
  // From then on the launcher knows this machine's own configuration.
  mustRun(wrapperProgram, ["--version"])
  for (let round = 0; round < rounds; round++) {
    const order = Math.random() < 0.5 ? programs : programs.toReversed()
    for (const { name, program } of order) {
      const { directory: bundle } = makeBundle(directory, { args: ["/bin/true"], env: [] })
      const id = `gantry-later-${process.pid}-${round}`
      const state = ["--root", `${directory}/later`]
      // The container keeps what it inherits: with pipes of ours, nobody would see their end.
      timeOf("runc", [...state, "create", "--bundle", bundle, id])
      mustRun("runc", [...state, "start", id])
      while (!mustRun("runc", [...state, "state", id]).includes('"stopped"')) Bun.sleepSync(1)
      for (const call of calls) {
        const key = `${call}: ${name}`
        samples.set(key, [...(samples.get(key) ?? []), timeOf(program, [...state, call, id])])
      }
      rmSync(bundle, { recursive: true, force: true })
    }
  }
  return calls.flatMap((call) =>
    programs.map(({ name }) => timingOf(`${call}: ${name}`, samples.get(`${call}: ${name}`) ?? [])),
  )
}

/** Units: milliseconds. */
function timeOf(program: string, args: readonly string[]): number {
  const begun = performance.now()
  const { status } = spawnSync(program, args, { stdio: "ignore" })
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${status}`)
  return performance.now() - begun
}
