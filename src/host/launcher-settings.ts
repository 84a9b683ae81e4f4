/**
 * What the launcher must know to pass a start on by itself: the words that make a container one to look at, the low-level runtimes, and
 * what this was made from. Format: docs/state.md; read by src/launcher/settings.c.
 */

import { readFileSync, statSync } from "node:fs"
import type { Config } from "../core/request/config.ts"
import { triggerWords } from "../core/request/trigger-words.ts"
import { writeStateText } from "./state-file.ts"

/** A configuration file as it was before it was read; undefined: it was not there. */
export type ConfigStamp = string

/** A line for the launcher: it compares the numbers. */
export function stampConfig(path: string): ConfigStamp {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true })
  return stat === undefined
    ? `absent ${path}`
    : `file ${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${path}`
}

export interface LauncherSettings {
  readonly config: Config
  readonly runtimes: readonly string[]
  readonly stamp: ConfigStamp
}

/** Written only when it says something else than what is there. */
export function keepLauncherSettings(state: string, settings: LauncherSettings): void {
  const text = renderLauncherSettings(settings)
  const file = `${state}/launcher`
  if (text !== undefined && text !== readIfThere(file)) writeStateText(state, file, text)
}

/** undefined: the launcher cannot find what this configuration has it look for. */
export function renderLauncherSettings({ config, runtimes, stamp }: LauncherSettings): string | undefined {
  const words = triggerWords(config)
  if (words === undefined || runtimes.some((one) => one === "" || one.includes("\n"))) return undefined
  return [
    "gantry-launcher 1",
    stamp,
    ...runtimes.map((one) => `runtime ${one}`),
    ...words.map((one) => `word ${one}`),
    ...(config.gantry.mode === "off" ? ["off"] : []),
    "end",
    "",
  ].join("\n")
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}
