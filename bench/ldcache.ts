/**
 * `npm run bench -- --part ldcache`: what it costs to make a driver's 70 libraries known to an image's loader: merging into its cache,
 * beside the real `ldconfig -r` over the image. Every round runs every case once, in turn. A merge is timed within a fresh process,
 * started as on the start path (without its compilers), because that process is there anyway; ldconfig is a process of its own.
 */

import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { mustRun } from "../tests/e2e/bundle.ts"
import { addLibraries } from "./image.ts"
import { type Timing, timingOf } from "./markdown.ts"

const sizes = [50, 1000, 5000]
export interface LdcacheBench {
  /** Where images are made. */
  readonly work: string
  /** The compiled bench/merge.ts. */
  readonly program: string
  readonly rounds: number
}

/** Order: by size of the image. */
export function measureLdcache({ work, program, rounds }: LdcacheBench): readonly Timing[] {
  const cases = sizes.flatMap((count) => {
    const root = join(work, `image-${count}`)
    addLibraries(root, count)
    const real = (): number => timeProcess("ldconfig", ["-r", root])
    real()
    return [
      { name: `${count} libraries: merge`, run: () => timeMerge(program, join(root, "etc/ld.so.cache")) },
      { name: `${count} libraries: ldconfig, which remembers the image's files`, run: real },
      {
        name: `${count} libraries: ldconfig in a fresh container`,
        run: () => {
          rmSync(join(root, "var/cache/ldconfig"), { recursive: true, force: true })
          mkdirSync(join(root, "var/cache/ldconfig"), { recursive: true })
          return real()
        },
      },
    ]
  })
  const samples = cases.map((): number[] => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, { run }] of cases.entries()) samples[index]?.push(run())
  for (const count of sizes) rmSync(join(work, `image-${count}`), { recursive: true, force: true })
  return cases.map(({ name }, index) => timingOf(name, samples[index] ?? []))
}

/** Units: milliseconds. */
function timeMerge(program: string, cachePath: string): number {
  const env = { ...process.env, BUN_JSC_useBaselineJIT: "0" }
  const [took = 0, growth = 0] = mustRun(program, [cachePath], { env }).split(" ").map(Number)
  if (growth <= 0) throw new Error("nothing was merged")
  return took / 1e6
}

/** Units: milliseconds. */
function timeProcess(program: string, args: readonly string[]): number {
  const begun = performance.now()
  const path = `${process.env["PATH"]}:/usr/sbin:/sbin`
  const { status } = spawnSync(program, args, { stdio: "ignore", env: { ...process.env, PATH: path } })
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${status}`)
  return performance.now() - begun
}
