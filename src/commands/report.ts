/** How every command ends that cannot do its work: one line on standard error, the fault's exit code. */

import { writeSync } from "node:fs"
import { type Fault, fault } from "../core/fault/fault.ts"

/** What faults say is loaded only when one is told. */
export async function report(fault: Fault): Promise<number> {
  const { faultExit, renderFaultLine } = await import("../core/fault/render.ts")
  writeText(2, `${renderFaultLine(fault)}\n`)
  return faultExit(fault)
}

/** As of a program that SIGPIPE ends, which Bun ignores. */
const readerGone = 128 + 13

/**
 * Also when a pipe takes it in pieces. Of one that somebody made non-blocking, as another process that has it too, its reader is awaited. What
 * standard error does not take is lost, and nothing is undone or left for it: the exit status tells all the same.
 */
export function writeText(descriptor: 1 | 2, text: string | Uint8Array): void {
  let bytes = typeof text === "string" ? new TextEncoder().encode(text) : text
  while (bytes.length > 0)
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes))
    } catch (error) {
      if ((error as { readonly code?: string }).code !== "EAGAIN") {
        if (descriptor === 2) return
        throw error
      }
      Bun.sleepSync(1)
    }
}

/** Writes all of a text to standard output. Who stops reading ends the program, in silence. */
export async function print(text: string | Uint8Array): Promise<void> {
  try {
    writeText(1, text)
  } catch (error) {
    const { code } = error as { readonly code?: string }
    if (code === "EPIPE") process.exit(readerGone)
    process.exit(await report(fault("OutputUnwritable", { errno: code ?? "EIO" })))
  }
}
