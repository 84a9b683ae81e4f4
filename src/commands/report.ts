/** How every command ends that cannot do its work: one line on standard error, the fault's exit code. */

import { writeSync } from "node:fs"
import type { Fault } from "../core/fault/fault.ts"
import { faultExit, renderFaultLine } from "../core/fault/render.ts"

export function report(fault: Fault): number {
  writeSync(2, `${renderFaultLine(fault)}\n`)
  return faultExit(fault)
}

/** Writes all of a text to standard output, also when a pipe takes it in pieces. */
export function print(text: string): void {
  let bytes: Uint8Array = new TextEncoder().encode(text)
  while (bytes.length > 0) bytes = bytes.subarray(writeSync(1, bytes))
}
