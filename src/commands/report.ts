/** How every command ends that cannot do its work: one line on standard error, the fault's exit code. */

import { writeSync } from "node:fs"
import { type Fault, fault } from "../core/fault/fault.ts"

/** What faults say is loaded only when one is told. */
export async function report(fault: Fault): Promise<number> {
  const { faultExit, renderFaultLine } = await import("../core/fault/render.ts")
  writeSync(2, `${renderFaultLine(fault)}\n`)
  return faultExit(fault)
}

/** As of a program that SIGPIPE ends, which Bun ignores. */
const readerGone = 128 + 13

/** Writes all of a text to standard output, also when a pipe takes it in pieces. Who stops reading ends the program, in silence. */
export async function print(text: string): Promise<void> {
  let bytes: Uint8Array = new TextEncoder().encode(text)
  try {
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(1, bytes))
  } catch (error) {
    const { code } = error as { readonly code?: string }
    if (code === "EPIPE") process.exit(readerGone)
    process.exit(await report(fault("OutputUnwritable", { errno: code ?? "EIO" })))
  }
}
