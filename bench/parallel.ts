/**
 * `npm run bench -- --part parallel`: many containers started at once, bare and through the wrapper with one GPU each. A figure is the time
 * from the first `create` to the end of the last, by the number of containers; what counts is that the wrapper's share does not grow.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gantryProgram, makeBundle, makeBusyboxRoot, mustRun, wrapperProgram } from "../tests/e2e/bundle.ts"
import { type Timing, timingOf } from "./markdown.ts"

const counts = [1, 10, 50]

export interface ParallelBench {
  readonly directory: string
  readonly rounds: number
}

/** Order: by number, bare first. Each figure is divided by the number of containers. */
export async function measureParallel({ directory, rounds }: ParallelBench): Promise<readonly Timing[]> {
  const machine = join(directory, "machine-8")
  const config = join(directory, "parallel.toml")
  mkdirSync(join(directory, "parallel"))
  mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "8"])
  writeFileSync(config, `[gantry]\nhost = "${machine}"\n`)
  const env = { ...process.env, NVIDIA_CTK_CONFIG_FILE_PATH: config }
  try {
    const samples = new Map<string, number[]>()
    for (let round = -1; round < rounds; round++)
      for (const count of counts)
        for (const [name, runtime] of [
          ["bare runc", "runc"],
          ["wrapper, 1 GPU", wrapperProgram],
        ] as const) {
          const took = await startAtOnce(join(directory, "parallel"), runtime, env, count)
          const key = `${count} at once: ${name}`
          if (round >= 0) samples.set(key, [...(samples.get(key) ?? []), took / count])
        }
    return [...samples].map(([name, all]) => timingOf(name, all))
  } finally {
    mustRun(gantryProgram, ["simulate", "down", machine])
  }
}

/** Units: milliseconds. */
async function startAtOnce(
  directory: string,
  runtime: string,
  env: NodeJS.ProcessEnv,
  count: number,
): Promise<number> {
  const bundles = Array.from({ length: count }, (_, index) =>
    makeBundle(
      directory,
      { args: ["/bin/true"], env: [`NVIDIA_VISIBLE_DEVICES=${index % 8}`] },
      makeBusyboxRoot,
    ),
  )
  const state = ["--root", join(directory, "runc")]
  const named = bundles.map(({ directory: bundle }, index) => ({ bundle, id: `gantry-parallel-${index}` }))
  try {
    const begun = performance.now()
    const children = named.map(({ bundle, id }) =>
      Bun.spawn([runtime, ...state, "create", "--bundle", bundle, id], {
        env,
        stdio: ["ignore", "ignore", "ignore"],
      }),
    )
    const statuses = await Promise.all(children.map(({ exited }) => exited))
    const took = performance.now() - begun
    if (statuses.some((status) => status !== 0)) throw new Error(`${runtime}: a container did not start`)
    return took
  } finally {
    for (const { bundle, id } of named) {
      mustRun("runc", [...state, "delete", "--force", id])
      rmSync(bundle, { recursive: true, force: true })
    }
  }
}
