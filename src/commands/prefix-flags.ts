/** The command line that install and uninstall share: where, and whether only to say what would be done. */

import { resolve } from "node:path"
import { parseFlags, usageFault } from "./flags.ts"
import { isHelpAsked, tellHelp } from "./help/asked-help.ts"
import { report } from "./report.ts"

export interface PrefixCall {
  /** Absolute. */
  readonly prefix: string
  readonly isDryRun: boolean
  /** Of the optional names those that were asked for. */
  readonly extraNames: readonly string[]
}

/** The call, or the exit code of a command line that is already answered: help, or wrong usage. */
export async function parsePrefixFlags(
  args: readonly string[],
  command: "install" | "uninstall",
  optionalNames: readonly string[] = [],
): Promise<PrefixCall | number> {
  const program = `gantry ${command}`
  const hasOptions = optionalNames.length > 0
  const shape = {
    program,
    usage: `${program} --prefix DIR ${hasOptions ? `[--with ${optionalNames.join(",")}] ` : ""}[--dry-run]`,
    valued: ["prefix", ...(hasOptions ? ["with"] : [])],
    switches: ["dry-run", "help", "h"],
  }
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  const { values, lists, on, words } = flags.value
  if (isHelpAsked(flags.value)) return tellHelp(shape.usage)
  const prefix = values.get("prefix")
  if (prefix === undefined || words.length > 0)
    return report(usageFault(shape, "name a directory with --prefix"))
  const extraNames = (lists.get("with") ?? []).flatMap((names) => names.split(","))
  const stranger = extraNames.find((name) => !optionalNames.includes(name))
  if (stranger !== undefined)
    return report(usageFault(shape, `--with knows ${optionalNames.join(" and ")}, not "${stranger}"`))
  return { prefix: resolve(prefix), isDryRun: on.has("dry-run"), extraNames }
}
