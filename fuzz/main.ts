/**
 * Feeds the parsers and observers what nobody would write, in as many processes as there are processors:
 *   bun fuzz/main.ts [--inputs N] [--seed S] [--target NAME] [--seconds S] [--index I]
 * A failure is one line with its target, seed and index; with `--target`, `--seed` and `--index` it is made and tried again alone.
 * Exit status: 0 nothing found, 1 something found, 2 wrong usage.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { judgeInput, prepareInputs, slowMs } from "./run-inputs.ts"
import { targets } from "./targets.ts"
import { watchWorker } from "./watch-worker.ts"
import { runShare, type Share } from "./worker.ts"

const usage = "bun fuzz/main.ts [--inputs N] [--seed S] [--target NAME] [--seconds S] [--index I]"
const options = {
  inputs: { type: "string", default: "1000000" },
  seed: { type: "string", default: "1" },
  seconds: { type: "string", default: "600" },
  target: { type: "string" },
  index: { type: "string" },
  worker: { type: "string" },
} as const

async function main(): Promise<number> {
  const values = readOptions()
  if (values === undefined) return misused()
  if (values.worker !== undefined) {
    runShare(JSON.parse(values.worker) as Share)
    return 0
  }
  const [inputs, seed, seconds] = [Number(values.inputs), Number(values.seed), Number(values.seconds)]
  const isNumbers = [inputs, seed, seconds].every((number) => Number.isSafeInteger(number) && number >= 0)
  const isKnown = values.target === undefined || targets.some(({ name }) => name === values.target)
  if (!isNumbers || !isKnown) return misused()
  if (values.index !== undefined) return tryOne(values.target ?? "", seed, Number(values.index))
  return runAll({ inputs, seed, seconds, target: values.target })
}

/** undefined: there is no such option. */
function readOptions() {
  try {
    return parseArgs({ args: process.argv.slice(2), options }).values
  } catch {
    return undefined
  }
}

function misused(): number {
  console.error(`usage: ${usage}\ntargets: ${targets.map(({ name }) => name).join(" ")}`)
  return 2
}

function tryOne(name: string, seed: number, index: number): number {
  const target = targets.find((one) => one.name === name)
  if (target === undefined) {
    console.error(`usage: ${usage}: --index needs --target`)
    return 2
  }
  const input = prepareInputs(target, seed)(index)
  const problem = judgeInput(target, input, slowMs)
  console.log(`${name} seed ${seed} index ${index}: ${problem ?? "nothing wrong"}: ${show(input)}`)
  return problem === undefined ? 0 : 1
}

interface Run {
  readonly inputs: number
  readonly seed: number
  readonly seconds: number
  readonly target: string | undefined
}

async function runAll({ inputs, seed, seconds, target }: Run): Promise<number> {
  const started = performance.now()
  const workers = Math.max(1, availableParallelism())
  const work = mkdtempSync(join(tmpdir(), "gantry-fuzz-"))
  try {
    const watched = await Promise.all(
      Array.from({ length: workers }, (_, worker) =>
        watchWorker([process.execPath, import.meta.path], {
          seed,
          inputs,
          worker,
          workers,
          target,
          timeMs: seconds * 1000,
          placeFile: join(work, `place-${worker}`),
        }),
      ),
    )
    const tried = new Map<string, { readonly count: number; readonly tookMs: number }>()
    for (const { done } of watched)
      for (const { target: name, count, tookMs } of done) {
        const before = tried.get(name)
        tried.set(name, { count: (before?.count ?? 0) + count, tookMs: (before?.tookMs ?? 0) + tookMs })
      }
    for (const [name, { count, tookMs }] of tried)
      console.log(
        `${name.padEnd(16)} ${String(count).padStart(8)} inputs  ${((tookMs * 1000) / Math.max(1, count)).toFixed(0).padStart(6)} µs each`,
      )
    const failures = watched.flatMap((one) => one.failures)
    for (const { target: name, index, problem, base64 } of failures)
      console.error(
        `FOUND ${name} seed ${seed} index ${index}: ${problem}: ${show(new Uint8Array(Buffer.from(base64, "base64")))}`,
      )
    const total = [...tried.values()].reduce((sum, { count }) => sum + count, 0)
    const tookSeconds = (performance.now() - started) / 1000
    console.log(
      `${total} inputs, seed ${seed}, ${workers} processes, ${tookSeconds.toFixed(0)} s, ${failures.length} found`,
    )
    // A run that tried nothing has found nothing out.
    return failures.length === 0 && total > 0 ? 0 : 1
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** In base64, or the file that it was written to. */
function show(input: Uint8Array): string {
  if (input.length <= 300) return Buffer.from(input).toString("base64")
  const file = join(mkdtempSync(join(tmpdir(), "gantry-fuzz-input-")), "input")
  writeFileSync(file, input)
  return file
}

process.exit(await main())
