/**
 * The command line of nvidia-ctk: flags with aliases, each with a variable that speaks when the flag does not; lists are repeated or have
 * commas, in both. Source: facts, toolkit §1.3, and the library that the reference reads its flags with.
 */

import type { Fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { usageFault } from "./flags.ts"

export interface CtkFlag {
  readonly aliases?: readonly string[]
  readonly variable?: string
  readonly takes: "text" | "list" | "switch"
}

export interface CtkShape {
  readonly program: string
  readonly flags: Readonly<Record<string, CtkFlag>>
}

export interface CtkFlags {
  /** The last one that was given; undefined: neither flag nor variable. */
  text(name: string): string | undefined
  /** undefined: neither flag nor variable. */
  list(name: string): readonly string[] | undefined
  isOn(name: string): boolean
  /** By a flag, not by a variable. */
  isGiven(name: string): boolean
  readonly isHelpAsked: boolean
  /** Words that are no flag: they mean nothing. */
  readonly words: readonly string[]
}

export const ctkUsage = ({ program, flags }: CtkShape): string =>
  [
    program,
    ...Object.entries(flags).map(([name, { takes }]) =>
      takes === "switch" ? `[--${name}]` : takes === "list" ? `[--${name} …]…` : `[--${name} …]`,
    ),
  ].join(" ")

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
  const names = new Map(
    Object.entries(shape.flags).flatMap(([name, { aliases = [] }]) =>
      [name, ...aliases].map((one) => [one, name] as const),
    ),
  )
  const given = new Map<string, readonly string[]>()
  const words: string[] = []
  let isHelpAsked = false
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ""
    if (arg === "--") {
      words.push(...args.slice(index + 1))
      break
    }
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg)
      continue
    }
    const [written = "", ...rest] = arg.replace(/^--?/, "").split("=")
    const value = rest.length === 0 ? undefined : rest.join("=")
    if (written === "help" || written === "h") {
      isHelpAsked = true
      continue
    }
    const name = names.get(written)
    const flag = name === undefined ? undefined : shape.flags[name]
    if (name === undefined || flag === undefined) return misused(`flag provided but not defined: -${written}`)
    const text = value ?? (flag.takes === "switch" ? "true" : args[++index])
    if (text === undefined) return misused(`flag needs an argument: --${written}`)
    if (flag.takes === "switch" && readSwitch(text) === undefined)
      return misused(`invalid value ${JSON.stringify(text)} for flag --${name}`)
    given.set(name, [...(given.get(name) ?? []), text])
  }
  const valuesOf = (name: string): readonly string[] | undefined => {
    const twin = shape.flags[name]?.variable
    const byVariable = twin === undefined ? undefined : variable(twin)
    return given.get(name) ?? (byVariable === undefined || byVariable === "" ? undefined : [byVariable])
  }
  for (const [name, { takes, variable: twin }] of Object.entries(shape.flags)) {
    const text = takes === "switch" ? valuesOf(name)?.at(-1) : undefined
    if (text !== undefined && readSwitch(text) === undefined)
      return misused(`invalid value ${JSON.stringify(text)} of ${twin} for flag --${name}`)
  }
  return ok({
    text: (name) => valuesOf(name)?.at(-1),
    list: (name) => valuesOf(name)?.flatMap((value) => value.split(",")),
    isOn: (name) => readSwitch(valuesOf(name)?.at(-1) ?? "") === true,
    isGiven: (name) => given.has(name),
    isHelpAsked,
    words,
  })
}

/** As the reference's library reads it; undefined: neither yes nor no. */
const readSwitch = (text: string): boolean | undefined =>
  /^(?:1|t|T|TRUE|true|True)$/.test(text)
    ? true
    : /^(?:0|f|F|FALSE|false|False)$/.test(text)
      ? false
      : undefined
