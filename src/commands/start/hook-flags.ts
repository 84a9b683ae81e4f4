/**
 * The hook's command line, read as Go's flag package reads it: one or two dashes, `-flag value` or `-flag=value`, `--` ends the
 * flags, the first other word is the subcommand and what follows it is ignored. Our own flags stand among the reference's.
 */

import { isProfileName, type ProfileName, profiles } from "../../core/request/profile.ts"

export type HookCall =
  | { readonly kind: "version" }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly problem: string }
  | { readonly kind: "nothing" }
  | {
      readonly kind: "prestart"
      readonly isDebug: boolean
      readonly configPath: string | undefined
      readonly profile: ProfileName | undefined
      readonly injector: "native" | "delegate" | undefined
    }

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false] as const),
])

export function parseHookFlags(args: readonly string[]): HookCall {
  const values = new Map<string, string>()
  const switches = new Map<string, boolean>()
  let rest: readonly string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ""
    if (arg.length < 2 || !arg.startsWith("-")) {
      rest = args.slice(index)
      break
    }
    if (arg === "--") {
      rest = args.slice(index + 1)
      break
    }
    const body = arg.slice(arg.startsWith("--") ? 2 : 1)
    if (body === "" || body.startsWith("-") || body.startsWith("=")) return wrong(`bad flag syntax: ${arg}`)
    const equals = body.indexOf("=")
    const name = equals === -1 ? body : body.slice(0, equals)
    const given = equals === -1 ? undefined : body.slice(equals + 1)
    if (name === "debug" || name === "version") {
      const value = given === undefined ? true : booleans.get(given)
      if (value === undefined) return wrong(`invalid boolean value ${JSON.stringify(given)} for -${name}`)
      switches.set(name, value)
    } else if (name === "config" || name === "profile" || name === "injector") {
      if (given === undefined && index + 1 >= args.length) return wrong(`flag needs an argument: -${name}`)
      values.set(name, given ?? args[++index] ?? "")
    } else if (name === "help" || name === "h") return { kind: "help" }
    else return wrong(`flag provided but not defined: -${name}`)
  }
  return chooseCall(values, switches, rest)
}

function chooseCall(
  values: ReadonlyMap<string, string>,
  switches: ReadonlyMap<string, boolean>,
  rest: readonly string[],
): HookCall {
  const profile = values.get("profile")
  if (profile !== undefined && !isProfileName(profile))
    return wrong(`unknown profile ${JSON.stringify(profile)}`)
  const injector = values.get("injector")
  if (injector !== undefined && injector !== "native" && injector !== "delegate")
    return wrong(`unknown injector ${JSON.stringify(injector)}`)
  if (switches.has("version") && profile !== undefined && !profiles[profile].hasVersionFlag)
    return wrong("flag provided but not defined: -version")
  if (switches.get("version") === true) return { kind: "version" }
  const subcommand = rest[0]
  if (subcommand === undefined) return wrong("a subcommand is missing")
  if (subcommand === "poststart" || subcommand === "poststop") return { kind: "nothing" }
  if (subcommand !== "prestart") return wrong(`unknown subcommand ${JSON.stringify(subcommand)}`)
  const config = values.get("config") ?? ""
  return {
    kind: "prestart",
    isDebug: switches.get("debug") ?? false,
    configPath: config === "" ? undefined : config,
    profile,
    injector,
  }
}

const wrong = (problem: string): HookCall => ({ kind: "wrong", problem })
