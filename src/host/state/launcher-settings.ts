/**
 * What the launcher must know to pass a start on by itself: the words that make a container one to look at, the low-level runtimes, and
 * what this was made from. Format: docs/state.md; read by src/launcher/settings.c.
 */

import { type BigIntStats, statSync } from "node:fs"
import type { Config } from "../../core/request/config.ts"
import { triggerWords } from "../../core/request/trigger-words.ts"
import { readStateText, writeStateText } from "./state-file.ts"

/** A configuration file as it was before it was read; undefined: its times would not tell of a change, since it is too new or cannot be looked at. */
export type ConfigStamp = string | undefined

/** Far more than a clock of a file system stands still. Units: milliseconds. */
const settledMs = 100

/** A line for the launcher: it compares the numbers. */
export function stampConfig(path: string): ConfigStamp {
  let stat: BigIntStats | undefined
  try {
    stat = statSync(path, { throwIfNoEntry: false, bigint: true })
  } catch (error) {
    // A door that is closed to this user may be opened without a trace that the launcher could see.
    if ((error as { readonly code?: string }).code !== "ENOTDIR") return undefined
  }
  if (stat === undefined) return `absent ${path}`
  return Math.abs(Date.now() - Number(stat.ctimeMs)) < settledMs ? undefined : renderStamp(stat, path)
}

/** Another build may look for other words. What runs is stamped, not what lies in its place by now. */
const stampProgram = (): string => renderStamp(statSync("/proc/self/exe", { bigint: true }), process.execPath)

const renderStamp = (stat: BigIntStats, path: string): string =>
  `file ${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${path}`

export interface LauncherSettings {
  readonly config: Config
  readonly runtimes: readonly string[]
  /** Files that these were made from. */
  readonly stamps: readonly string[]
}

/** Written only when it says something else than what is there. */
export function keepLauncherSettings(
  state: string,
  settings: Omit<LauncherSettings, "stamps">,
  config: ConfigStamp,
): void {
  if (config === undefined) return
  const text = renderLauncherSettings({ ...settings, stamps: [config, stampProgram()] })
  const file = `${state}/launcher`
  if (text !== undefined && text !== readStateText(state, file)) writeStateText(state, file, text)
}

/** undefined: the launcher cannot find what this configuration has it look for. */
function renderLauncherSettings({ config, runtimes, stamps }: LauncherSettings): string | undefined {
  const words = triggerWords(config)
  if (words === undefined || [...stamps, ...runtimes].some((one) => one === "" || one.includes("\n")))
    return undefined
  return [
    "gantry-launcher 1",
    ...stamps,
    ...runtimes.map((one) => `runtime ${one}`),
    ...words.map((one) => `word ${one}`),
    ...(config.gantry.mode === "off" ? ["off"] : []),
    "end",
    "",
  ].join("\n")
}
