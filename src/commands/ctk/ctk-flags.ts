/**
 * The command line of nvidia-ctk: flags with aliases, each with a variable that speaks when the flag does not; lists are repeated or have
 * commas, in both. Source: facts, toolkit §1.3, and the library that the reference reads its flags with.
 */

import type { Fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { usageFault } from "../flags.ts"

export interface CtkFlag {
  readonly aliases?: readonly string[]
  readonly variable?: string
  readonly takes: "text" | "list" | "switch"
}

export interface CtkShape {
  readonly program: string
  readonly flags: Readonly<Record<string, CtkFlag>>
}

/** Those that every command has, before its name or behind it. */
const globalFlags: CtkShape["flags"] = {
  debug: { takes: "switch", variable: "NVIDIA_CTK_DEBUG", aliases: ["d"] },
  quiet: { takes: "switch", variable: "NVIDIA_CTK_QUIET" },
  config: { takes: "text", variable: "NVIDIA_CTK_CONFIG" },
}

/** As Go's strconv.ParseBool has them. */
const switchWords: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
])

export interface CtkFlags {
  /** The last one that was given; undefined: neither flag nor variable. */
  text(name: string): string | undefined
  /** undefined: neither flag nor variable. */
  list(name: string): readonly string[] | undefined
  isOn(name: string): boolean
  readonly isHelpAsked: boolean
}

/** What `--help` shows: each flag with its other names and its variable. */
export function ctkHelp({ program, flags }: CtkShape): string {
  const lines = Object.entries({ ...flags, ...globalFlags }).map(([name, flag]) => {
    const names = [name, ...(flag.aliases ?? [])].map((one) => (one.length === 1 ? `-${one}` : `--${one}`))
    const value = flag.takes === "switch" ? "" : flag.takes === "list" ? " VALUE,…" : " VALUE"
    return [`${names.join(", ")}${value}`, flag.variable ?? ""] as const
  })
  const width = Math.max(...lines.map(([left]) => left.length))
  return [
    `usage: ${program} [flags]`,
    "Each flag can also be given by the variable beside it; lists have commas, or the flag is repeated.",
    ...lines.map(([left, variable]) => `  ${left.padEnd(width)}  ${variable}`.trimEnd()),
  ].join("\n")
}

/** The flags are too many for a line that says what was wrong. */
export const ctkUsageFault = ({ program }: Pick<CtkShape, "program">, problem: string): Fault =>
  usageFault({ program, usage: `${program} --help lists the flags` }, problem)

/** Faults: UsageInvalid. */
export function parseCtkFlags(
  args: readonly string[],
  shape: CtkShape,
  variable: (name: string) => string | undefined,
): Result<CtkFlags> {
  const misused = (problem: string): Result<never> => fail(ctkUsageFault(shape, problem))
  const known = { ...shape.flags, ...globalFlags }
  const names = new Map(
    Object.entries(known).flatMap(([name, { aliases = [] }]) =>
      [name, ...aliases].map((one) => [one, name] as const),
    ),
  )
  const given = new Map<string, readonly string[]>()
  let isHelpAsked = false
  for (let index = 0; index < args.length; index++) {
    // As the reference reads it; a value in a word of its own is taken as it is.
    const arg = (args[index] ?? "").trim()
    // What stands behind it is nobody's: none of the commands takes words.
    if (arg === "--") break
    if (arg === "help" || arg === "h") {
      isHelpAsked = true
      break
    }
    if (!arg.startsWith("-") || arg === "-") return misused(`unexpected ${JSON.stringify(arg)}`)
    const [written = "", ...rest] = arg.replace(/^--?/, "").split("=")
    const value = rest.length === 0 ? undefined : rest.join("=")
    if (written === "help" || written === "h") {
      isHelpAsked = true
      continue
    }
    const name = names.get(written)
    const flag = name === undefined ? undefined : known[name]
    if (name === undefined || flag === undefined) return misused(`flag provided but not defined: -${written}`)
    // A switch with nothing behind its sign is on.
    const text = flag.takes === "switch" ? value || "true" : (value ?? args[++index])
    if (text === undefined) return misused(`flag needs an argument: --${written}`)
    if (text.includes("\ufffd")) return misused(`--${written} ${JSON.stringify(text)} is no UTF-8`)
    if (flag.takes === "switch" && !switchWords.has(text))
      return misused(`invalid value ${JSON.stringify(text)} for flag -${written}: parse error`)
    given.set(name, [...(given.get(name) ?? []), text])
  }
  const valuesOf = (name: string): readonly string[] | undefined => {
    const twin = known[name]?.variable
    const byVariable = twin === undefined ? undefined : variable(twin)
    return given.get(name) ?? (byVariable === undefined || byVariable === "" ? undefined : [byVariable])
  }
  for (const [name, { takes }] of Object.entries(known)) {
    const text = takes === "switch" ? valuesOf(name)?.at(-1) : undefined
    if (text !== undefined && !switchWords.has(text))
      return misused(
        `could not parse ${JSON.stringify(text)} as bool value from environment variable ${JSON.stringify(known[name]?.variable)} for flag ${name}: parse error`,
      )
  }
  return ok({
    text: (name) => valuesOf(name)?.at(-1),
    list: (name) => valuesOf(name)?.flatMap((value) => value.split(",")),
    isOn: (name) => switchWords.get(valuesOf(name)?.at(-1) ?? "") === true,
    isHelpAsked,
  })
}
