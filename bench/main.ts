/**
 * `npm run bench [-- --part starts|later|parallel|machine|ldcache|generate|cdi|devices]`: what a container's start costs, alone and among many, what
 * the calls after it, what it costs to know a machine, what a loader cache costs, what CDI specifications cost; without `--part` all of it. No figure is ever a test: clocks differ, ratios within one run less so.
 * docs/performance.md has a run with its machine.
 */

import { rmSync } from "node:fs"
import { cpus, release, totalmem } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { makeDirectory, missing, mustRun } from "../tests/e2e/bundle.ts"
import { measureCdi } from "./cdi.ts"
import { compileProgram } from "./compile.ts"
import { measureDevices } from "./devices.ts"
import { measureGenerate } from "./generate.ts"
import { measureLaterCalls } from "./later-calls.ts"
import { measureLdcache } from "./ldcache.ts"
import { measureMachines, programDirectory } from "./machine.ts"
import { renderTimings } from "./markdown.ts"
import { measureParallel } from "./parallel.ts"
import { measureStarts } from "./starts.ts"
import { renderTable } from "./table.ts"

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`)
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    part: { type: "string" },
    rounds: { type: "string", default: "30" },
    full: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) refuse("--rounds takes a number from 1")
const parts = ["starts", "later", "parallel", "machine", "ldcache", "generate", "cdi", "devices"] as const
if (values.part !== undefined && !parts.some((one) => one === values.part))
  refuse(`--part takes one of ${parts.join(", ")}`)
const lacks = missing("runc", "busybox", "cc", "ldconfig", "unshare")
if (lacks !== "") refuse(`the benchmark needs ${lacks}; npm test installs them`)

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}
const isWanted = (part: (typeof parts)[number]): boolean => values.part === undefined || values.part === part

const directory = makeDirectory("bench")
// Memory, not a disk: a journal's bad moments are no part of what is compared.
mustRun("mount", ["-t", "tmpfs", "-o", "mode=700", "gantry-bench", directory])
// What a run that was killed left may be of an older build.
rmSync(programDirectory, { recursive: true, force: true })
try {
  const peer = process.env["GANTRY_BENCH_PEER"]
  const figures = {
    ...(isWanted("starts") && {
      starts: await measureStarts({
        directory,
        rounds,
        isFull: values.full,
        peer: peer === "" ? undefined : peer,
        say,
      }),
    }),
    ...(isWanted("later") && { later: measureLaterCalls({ directory, rounds }) }),
    ...(isWanted("parallel") && {
      parallel: await measureParallel({ directory, rounds: Math.ceil(rounds / 3) }),
    }),
    ...(isWanted("machine") && {
      machine: measureMachines({
        directory,
        program: await compileProgram("observe.ts", join(directory, "observe")),
        rounds,
      }),
    }),
    ...(isWanted("cdi") && {
      cdi: measureCdi({
        work: directory,
        empty: await compileProgram("empty.ts", join(directory, "empty")),
        rounds,
        peer: peer === "" ? undefined : peer,
      }),
    }),
    ...(isWanted("devices") && {
      devices: measureDevices({ directory, rounds, peer: peer === "" ? undefined : peer }),
    }),
    ...(isWanted("ldcache") && {
      ldcache: measureLdcache({
        work: directory,
        program: await compileProgram("merge.ts", join(directory, "merge")),
        rounds,
      }),
    }),
    ...(isWanted("generate") && {
      generate: measureGenerate({
        directory,
        empty: await compileProgram("empty.ts", join(directory, "empty")),
        rounds,
        peer: peer === "" ? undefined : peer,
      }),
    }),
  }
  const machine = {
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    runc: mustRun("runc", ["--version"]).split("\n", 1)[0] ?? "",
    bun: Bun.version,
  }
  const date = new Date().toISOString().slice(0, 10)
  if (values.json) console.log(JSON.stringify({ version: 2, date, rounds, machine, figures }, null, 2))
  else {
    const { processor, cores, memoryGiB, kernel, runc, bun } = machine
    console.log(
      `${date}, ${rounds} rounds, ${processor}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, ${runc}, Bun ${bun}`,
    )
    if (figures.starts !== undefined) console.log(`\n${renderTable(figures.starts)}`)
    for (const timings of [
      ...[figures.later, figures.parallel, figures.machine, figures.ldcache],
      ...[figures.generate, figures.cdi, figures.devices],
    ])
      if (timings !== undefined) console.log(`\n${renderTimings(timings)}`)
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  mustRun("umount", ["--lazy", directory])
  rmSync(directory, { recursive: true, force: true })
  rmSync(programDirectory, { recursive: true, force: true })
}
