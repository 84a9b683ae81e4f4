/** What a CDI hook did and what it met, for the engine's log; loaded only when there is something to tell. */

import { writeSync } from "node:fs"
import type { HookEffect } from "../../apply/cdi-hook/effect.ts"
import { renderFaultLine } from "../../core/fault/render.ts"
import { escapeControl } from "../../core/text/escape.ts"
import type { Verbosity } from "./cdi-hook-flags.ts"

/** Notes and changes only for who looks for something; the engine's log has enough. */
export function tellEffect({ changes, findings }: HookEffect, verbosity: Verbosity): void {
  if (verbosity === "quiet") return
  for (const { severity, fault } of findings)
    if (severity !== "note" || verbosity === "debug") tell(severity, renderFaultLine(fault))
  if (verbosity === "debug") for (const change of changes) tell("debug", escapeControl(change))
}

const tell = (level: string, line: string): void => {
  writeSync(2, `${level}: ${line}\n`)
}
