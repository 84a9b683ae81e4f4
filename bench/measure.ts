/** Runs one container start under measure.c, and counts its processes and system calls with strace. */

import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { hasProgram, mustRun } from "../tests/e2e/bundle.ts"

export interface Sample {
  /** Wall time of `runc create`, or of the program alone. */
  readonly createMs: number
  /** From the beginning of `create` to the end of the container's process. */
  readonly exitMs: number
  /** User and system time of all processes. */
  readonly cpuMs: number
  /** Peak resident memory of the largest process. */
  readonly peakMiB: number
}

export interface Counts {
  readonly processes: number
  readonly systemCalls: number
}

/** Commands that measure.c takes: what is timed, then what starts it, then what removes it. */
export type Commands = readonly (readonly string[])[]

export function buildMeasure(directory: string): string {
  const program = join(directory, "measure")
  mustRun("cc", ["-O2", "-static", "-o", program, join(import.meta.dir, "measure.c")])
  return program
}

const joined = (commands: Commands): readonly string[] =>
  commands.flatMap((command, index) => (index === 0 ? command : ["--", ...command]))

export function measure(program: string, commands: Commands): Sample {
  const [create = 0, exit = 0, cpu = 0, peak = 0] = mustRun(program, joined(commands))
    .trim()
    .split(" ")
    .map(Number)
  return { createMs: create / 1e6, exitMs: exit / 1e6, cpuMs: cpu / 1e3, peakMiB: peak / 1024 }
}

/** Undefined: no strace here. Counts what measure.c started, and not measure.c, nor the removal. */
export function countCalls(program: string, commands: Commands, directory: string): Counts | undefined {
  if (!hasProgram("strace")) return undefined
  const trace = join(directory, "trace")
  mustRun("strace", ["-f", "-qq", "-o", trace, program, ...joined(commands)])
  const lines = readFileSync(trace, "utf8").split("\n")
  rmSync(trace)
  const measuring = lines[0]?.split(" ", 1)[0] ?? ""
  let processes = 0
  let systemCalls = 0
  for (const line of lines) {
    const [task = "", call = ""] = line.split(/\s+/, 2)
    if (task === measuring) {
      // The figures are printed between the container's end and its removal.
      if (call.startsWith("write(1")) break
    } else if (!call.startsWith("<...") && call !== "---" && call !== "+++" && call !== "") systemCalls++
    if (/^(clone3?|fork|vfork)\(/.test(call) && !line.includes("CLONE_THREAD")) processes++
  }
  return { processes, systemCalls }
}
