/** The child process in which NVML is asked: bounded in time and in what it may say. */

import { closeSync, readFileSync, readSync } from "node:fs"
import type { FaultData } from "../../core/fault/fault.ts"
import { type NvmlReport, readNvmlReport } from "../../core/inventory/nvml-report.ts"
import type { HostPath } from "../../core/text/brand.ts"
import { openPipe } from "../../linux/pipe.ts"
import { waitReadable } from "../../linux/poll.ts"
import { selfCommand } from "./self-command.ts"

export type NvmlTrouble = FaultData["NvmlUnavailable"]
type Fields = Readonly<Record<string, unknown>>

/** Units: bytes. 64 GPUs with seven MIG devices each are 100 KB. */
const answerLimit = 4 * 1024 * 1024

export type NvmlOutcome = { readonly report: NvmlReport } | { readonly unavailable: NvmlTrouble }

export const unavailable = (library: string, step: NvmlTrouble["step"], problem: string): NvmlOutcome => ({
  unavailable: { library, step, problem },
})

/** `shown` is what the machine calls the library. */
export function askNvmlChild(livePath: string, shown: HostPath, timeLimitMs: number): () => NvmlOutcome {
  const call = [...selfCommand(), "observe-nvml", livePath, String(timeLimitMs)]
  const listen = startChild(call, timeLimitMs)
  return () => readOutcome(listen(), livePath, shown)
}

function readOutcome(said: Said, livePath: string, shown: HostPath): NvmlOutcome {
  if ("trouble" in said) return unavailable(shown, said.step, said.trouble)
  const { kind, report, step, problem } = said.answer
  const read = kind === "report" ? readNvmlReport(report) : undefined
  if (read !== undefined) return { report: { ...read, library: shown } }
  return unavailable(
    shown,
    step === "load" || step === "initialise" ? step : "ask",
    // The loader names the file, and where that lies on this disk is not the machine's affair.
    typeof problem === "string" ? problem.replaceAll(livePath, shown) : "its answer cannot be read",
  )
}

type Said = { readonly answer: Fields } | { readonly step: NvmlTrouble["step"]; readonly trouble: string }

/**
 * Starts the child. What it gives reads what the child says until it has answered, has ended, or the time is over. Its end is not waited for: a
 * process that is stuck in the kernel cannot be killed, and would take us with it. (Bun.spawnSync waits.)
 */
function startChild(argv: readonly string[], timeLimitMs: number): () => Said {
  const pipe = openPipe()
  if (!pipe.ok) return () => ({ step: "load", trouble: "no pipe can be made for the child that asks it" })
  const { readEnd, writeEnd } = pipe.value
  const deadlineMs = performance.now() + timeLimitMs
  const pid = start(argv, writeEnd)
  closeSync(writeEnd)
  return () => {
    try {
      return typeof pid === "string"
        ? { step: "load", trouble: `the child that asks it cannot be started: ${pid}` }
        : hear(readEnd, pid, { deadlineMs, timeLimitMs })
    } finally {
      closeSync(readEnd)
      // Also after an answer: a library may hang when its process ends.
      if (typeof pid === "number") kill(pid)
    }
  }
}

/** Units: milliseconds. */
interface Deadline {
  readonly deadlineMs: number
  readonly timeLimitMs: number
}

function hear(descriptor: number, pid: number, { deadlineMs, timeLimitMs }: Deadline): Said {
  const buffer = new Uint8Array(answerLimit)
  const decoder = new TextDecoder()
  for (let length = 0; length < answerLimit; ) {
    const leftMs = Math.ceil(deadlineMs - performance.now())
    // An answer that lies there is one, however late it is looked for.
    if (!waitReadable(descriptor, Math.max(0, leftMs)))
      return { step: "time", trouble: `no answer within ${timeLimitMs / 1000} seconds` }
    const count = readSome(descriptor, buffer.subarray(length))
    if (count === undefined) continue
    length += count
    // A program that the library started may keep the pipe open: an answer that is whole counts at once.
    const isWhole = count === 0 || buffer[length - 1] === closingBrace
    const answer = isWhole ? readAnswer(decoder.decode(buffer.subarray(0, length))) : undefined
    if (answer !== undefined) return { answer }
    if (count === 0) return { step: "crash", trouble: `${describeEnd(pid)} and no answer` }
  }
  return { step: "ask", trouble: `it says more than ${answerLimit} bytes` }
}

const closingBrace = 0x7d

/** The process's number, or why there is none. */
function start(argv: readonly string[], stdout: number): number | string {
  try {
    // An environment of our own making, and no working directory of anybody's. Bun would send a report of a crash to its makers.
    const child = Bun.spawn([...argv], {
      cwd: "/",
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        LC_ALL: "C",
        BUN_ENABLE_CRASH_REPORTING: "0",
        DO_NOT_TRACK: "1",
      },
      stdin: "ignore",
      stdout,
      stderr: "ignore",
    })
    child.unref()
    return child.pid
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has just ended.
  }
}

/** undefined: there is nothing yet. */
function readSome(descriptor: number, into: Uint8Array): number | undefined {
  try {
    return readSync(descriptor, into, 0, into.length, null)
  } catch {
    return undefined
  }
}

/** How a process ended whose pipe is closed, where the kernel tells within moments. Source: proc(5), field 52 of stat. */
function describeEnd(pid: number): string {
  for (let attempt = 0; attempt < 100; attempt++) {
    const fields = statOf(pid)
    if (fields === undefined) break
    const status = Number(fields.at(-1))
    if (fields[0] === "Z")
      return status % 128 === 0
        ? `its process ended with exit status ${status >> 8}`
        : `its process ended with signal ${status % 128}`
    Bun.sleepSync(2)
  }
  return "its process ended"
}

/** The fields after the program's name, which may hold anything; undefined: the process is gone. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1")
    return text
      .slice(text.lastIndexOf(")") + 2)
      .trimEnd()
      .split(" ")
  } catch {
    return undefined
  }
}

/** What our child wrote, amid whatever the library printed. In JSON these characters can only be a value's beginning. */
function readAnswer(output: string): Fields | undefined {
  const start = output.lastIndexOf('{"kind":')
  try {
    return start === -1 ? undefined : (JSON.parse(output.slice(start, output.lastIndexOf("}") + 1)) as Fields)
  } catch {
    return undefined
  }
}
