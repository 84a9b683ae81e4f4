/** How the wrapper fails: as a low-level runtime does, on standard error and in the log that its command line names. */

import { appendFileSync } from "node:fs"
import type { Fault } from "../../core/fault/fault.ts"
import { renderFaultLine } from "../../core/fault/render.ts"
import { report } from "../report.ts"

/** Engines read the last line of this file to tell users what went wrong. */
export async function reportRuntime(fault: Fault, args: readonly string[]): Promise<number> {
  const file = optionOf(args, "log")
  const line = renderFaultLine(fault)
  if (file !== undefined && file !== "/dev/null")
    try {
      appendFileSync(file, `${renderLogLine(line, optionOf(args, "log-format") === "json")}\n`, {
        mode: 0o644,
      })
    } catch {
      // It is on standard error too.
    }
  await report(fault)
  return 1
}

/** As runc writes it. */
function renderLogLine(message: string, isJson: boolean): string {
  const time = new Date().toISOString().replace(/\.\d+Z$/, "Z")
  return isJson
    ? JSON.stringify({ level: "error", msg: message, time })
    : `time=${JSON.stringify(time)} level=error msg=${JSON.stringify(message)}`
}

/** A global option's value; undefined: it is not given. The last counts. */
function optionOf(args: readonly string[], name: string): string | undefined {
  let value: string | undefined
  for (const [index, arg] of args.entries()) {
    if (arg === `--${name}` || arg === `-${name}`) value = args[index + 1]
    const given = new RegExp(`^--?${name}=(.*)$`, "s").exec(arg)?.[1]
    if (given !== undefined) value = given
  }
  return value
}
