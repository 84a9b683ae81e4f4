/**
 * `npm run bench`: what a container's start costs with Gantry's hook, beside bare runc and an empty compiled program, in one run.
 * Every round runs every case once in random order, each in a fresh bundle; figures are medians of pairs within rounds. No
 * figure is ever a test: clocks differ, ratios within one run less so. docs/performance.md has a run with its machine.
 */

import { rmSync } from "node:fs"
import { cpus, release, totalmem } from "node:os"
import { parseArgs } from "node:util"
import { makeDirectory, missing, mustRun } from "../tests/e2e/bundle.ts"
import { bareName, makeCases, removeMachines } from "./cases.ts"
import { buildMeasure, countCalls, measure, type Sample } from "./measure.ts"
import { figuresOf, renderTable } from "./table.ts"

const warmUpRounds = 2

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "30" },
    full: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a number from 1")
const lacks = missing("runc", "busybox", "cc")
if (lacks !== "") throw new Error(`the benchmark needs ${lacks}`)

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
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

const directory = makeDirectory("bench")
// Memory, not a disk: a journal's bad moments are no part of what is compared.
mustRun("mount", ["-t", "tmpfs", "-o", "mode=700", "gantry-bench", directory])
try {
  const program = buildMeasure(directory)
  const peer = process.env["GANTRY_BENCH_PEER"]
  const cases = await makeCases(directory, { isFull: values.full, peer: peer === "" ? undefined : peer })
  const samples = new Map<string, Sample[]>(cases.map(({ name }) => [name, []]))
  const begun = Date.now()
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const { name, prepare } of shuffled(cases)) {
      const { commands, remove } = prepare()
      const sample = measure(program, commands)
      remove()
      if (round >= 0) samples.get(name)?.push(sample)
    }
    if (round > 0 && round % 10 === 0)
      say(`round ${round} of ${rounds}, ${Math.round((Date.now() - begun) / 1000)} s`)
  }
  const bare = samples.get(bareName) ?? []
  const figures = cases.map(({ name, prepare }) => {
    const { commands, remove } = prepare()
    const counts = countCalls(program, commands, directory)
    remove()
    return figuresOf({ name, samples: samples.get(name) ?? [], counts }, bare)
  })
  const machine = {
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    runc: mustRun("runc", ["--version"]).split("\n", 1)[0] ?? "",
    bun: Bun.version,
  }
  const date = new Date().toISOString().slice(0, 10)
  if (values.json) console.log(JSON.stringify({ version: 1, date, rounds, machine, figures }, null, 2))
  else {
    const { processor, cores, memoryGiB, kernel, runc, bun } = machine
    console.log(
      `${date}, ${rounds} rounds, ${processor}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, ${runc}, Bun ${bun}\n`,
    )
    console.log(renderTable(figures))
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  removeMachines(directory)
  mustRun("umount", ["--lazy", directory])
  rmSync(directory, { recursive: true, force: true })
}
