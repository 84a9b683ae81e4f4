/** What the actions of `nvidia-ctk cdi` have in common: what they are given, their log, and how a specification leaves them. */

import type { SpecFormat } from "../../core/cdi/render-spec.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { escapeControl } from "../../core/text/escape.ts"
import { writeSpecFile } from "../cdi/write-spec-file.ts"
import { print, writeText } from "../report.ts"

export interface CtkSurroundings {
  /** A simulated machine or a recording; undefined: this machine. */
  readonly host: string | undefined
  /** Of the caller's environment. */
  readonly variable: (name: string) => string | undefined
}

export interface CtkAction {
  run(args: readonly string[], surroundings: CtkSurroundings): Promise<Result<true>>
}

export async function showHelp(text: string): Promise<Result<true>> {
  await print(`${text}\n`)
  return ok(true)
}

export interface Log {
  info(text: string): void
  warn(text: string): void
}

export function createLog(isQuiet: boolean): Log {
  const logAt = (level: Level) => (text: string) => {
    if (!isQuiet) writeLog(level, text)
  }
  return { info: logAt("info"), warn: logAt("warning") }
}

/** However quiet it is to be. */
export const logError = (text: string): void => writeLog("error", text)

type Level = "info" | "warning" | "error"

/** In the reference's form, which scripts read. */
function writeLog(level: Level, text: string): void {
  const time = new Date().toISOString().replace(/\.\d+/, "")
  writeText(2, `time="${time}" level=${level} msg=${JSON.stringify(escapeControl(text))}\n`)
}

/** To a file, or printed where its name is empty. Faults: CdiFileUnwritable. */
export async function deliver(text: string, format: SpecFormat, file: string): Promise<Result<true>> {
  if (file !== "") {
    const written = writeSpecFile(text, file, format)
    return written.ok ? ok(true) : written
  }
  await print(text)
  return ok(true)
}
