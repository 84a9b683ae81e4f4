/** The command line that install and uninstall share: where, and whether only to say what would be done. */

import { resolve } from "node:path"
import { parseFlags, usageFault } from "./flags.ts"
import { print, report } from "./report.ts"

export interface PrefixCall {
  /** Absolute. */
  readonly prefix: string
  readonly isDryRun: boolean
}

/** The call, or the exit code of a command line that is already answered: help, or wrong usage. */
export function parsePrefixFlags(
  args: readonly string[],
  command: "install" | "uninstall",
): PrefixCall | number {
  const program = `gantry ${command}`
  const shape = {
    program,
    usage: `${program} --prefix DIR [--dry-run]`,
    valued: ["prefix"],
    switches: ["dry-run", "help", "h"],
  }
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  const { values, on, words } = flags.value
  if (on.has("help") || on.has("h")) {
    print(`usage: ${shape.usage}\n`)
    return 0
  }
  const prefix = values.get("prefix")
  if (prefix === undefined || words.length > 0)
    return report(usageFault(shape, "name a directory with --prefix"))
  return { prefix: resolve(prefix), isDryRun: on.has("dry-run") }
}
