/**
 * Reads a command line of `--flag value`, `--flag=value`, switches and words; `-o` is `--output` wherever there is one. The hook has a reader
 * of its own, because Go's differs.
 */

import { type Fault, fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"

export interface FlagShape {
  readonly program: string
  readonly usage: string
  readonly valued: readonly string[]
  readonly switches: readonly string[]
}

export interface Flags {
  /** The last value of each flag. */
  readonly values: ReadonlyMap<string, string>
  /** Every value of each flag, in the order given. */
  readonly lists: ReadonlyMap<string, readonly string[]>
  readonly on: ReadonlySet<string>
  readonly words: readonly string[]
}

/** Faults: UsageInvalid. */
export function parseFlags(args: readonly string[], shape: FlagShape): Result<Flags> {
  const values = new Map<string, string>()
  const lists = new Map<string, readonly string[]>()
  const on = new Set<string>()
  const words: string[] = []
  // What is no UTF-8 has been read as something else already, which would be another file.
  const strange = args.find((arg) => arg.includes("\ufffd"))
  if (strange !== undefined)
    return fail(
      usageFault(shape, `${JSON.stringify(strange)} is no UTF-8, or has a sign that stands for what is none`),
    )
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
    const body = arg.replace(/^--?/, "")
    const equals = body.indexOf("=")
    const said = equals === -1 ? body : body.slice(0, equals)
    const name = said === "o" ? "output" : said
    const given = equals === -1 ? undefined : body.slice(equals + 1)
    if (shape.switches.includes(name) && given === undefined) on.add(name)
    else if (shape.valued.includes(name)) {
      const value = given ?? args[++index]
      if (value === undefined) return fail(usageFault(shape, `--${name} needs a value`))
      values.set(name, value)
      lists.set(name, [...(lists.get(name) ?? []), value])
    } else return fail(usageFault(shape, `unknown flag ${arg}`))
  }
  return ok({ values, lists, on, words })
}

export const usageFault = (shape: Pick<FlagShape, "program" | "usage">, problem: string): Fault =>
  fault("UsageInvalid", { program: shape.program, problem, usage: shape.usage })
