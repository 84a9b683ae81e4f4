/** How every command ends that cannot do its work: one line on standard error, the fault's exit code. */

import { writeSync } from "node:fs"
import { type Fault, fault } from "../core/fault/fault.ts"
import { faultExit, renderFaultLine } from "../core/fault/render.ts"

export function report(fault: Fault): number {
  writeSync(2, `${renderFaultLine(fault)}\n`)
  return faultExit(fault)
}

/** As of a program that SIGPIPE ends, which Bun ignores. */
const readerGone = 128 + 13

/** Writes all of a text to standard output, also when a pipe takes it in pieces. Who stops reading ends the program, in silence. */
export function print(text: string): void {
  let bytes: Uint8Array = new TextEncoder().encode(text)
  try {
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(1, bytes))
  } catch (error) {
    const { code } = error as { readonly code?: string }
    if (code === "EPIPE") process.exit(readerGone)
    process.exit(report(fault("OutputUnwritable", { errno: code ?? "EIO" })))
  }
}
