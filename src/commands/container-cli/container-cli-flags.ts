/**
 * The command line of nvidia-container-cli, as GNU argp reads it: global options first, a command, then its options in any order;
 * long names may be cut where they stay unique. Source: facts, nvidia-container-cli §1.
 */

import type { CliConfigure, CliGiven, CliQuestion } from "../../core/request/cli-call.ts"

export interface Option {
  readonly name: string
  readonly short?: string
  /** Does a value follow: never, always, only when written with the option. */
  readonly value: "none" | "required" | "optional"
}

const option = (name: string, value: Option["value"], short?: string): Option =>
  short === undefined ? { name, value } : { name, value, short }

/** Behind a command's own: so the reference lists what an abbreviation could mean. */
const everywhere = [option("help", "none", "?"), option("usage", "none"), option("version", "none", "V")]

export const globalOptions: readonly Option[] = [
  option("debug", "required", "d"),
  option("load-kmods", "none", "k"),
  option("no-pivot", "none", "n"),
  option("user", "optional", "u"),
  option("root", "required", "r"),
  option("ldcache", "required", "l"),
  option("no-create-imex-channels", "none"),
  ...everywhere,
]

export const commandOptions: Readonly<Record<"info" | "list" | "configure", readonly Option[]>> = {
  info: [option("csv", "none"), ...everywhere],
  list: [
    option("device", "required", "d"),
    option("libraries", "none", "l"),
    option("binaries", "none", "b"),
    option("ipcs", "none", "i"),
    option("firmwares", "none", "f"),
    option("compat32", "none"),
    option("mig-config", "required"),
    option("mig-monitor", "required"),
    option("imex-channel", "required"),
    option("no-persistenced", "none"),
    option("no-fabricmanager", "none"),
    option("no-gsp-firmware", "none"),
    ...everywhere,
  ],
  configure: [
    option("pid", "required", "p"),
    option("device", "required", "d"),
    option("require", "required", "r"),
    option("ldconfig", "required", "l"),
    option("compute", "none", "c"),
    option("utility", "none", "u"),
    option("video", "none", "v"),
    option("graphics", "none", "g"),
    option("display", "none", "D"),
    option("ngx", "none", "n"),
    option("compat32", "none"),
    option("mig-config", "required"),
    option("mig-monitor", "required"),
    option("imex-channel", "required"),
    option("no-cgroups", "none"),
    option("no-devbind", "none"),
    option("no-persistenced", "none"),
    option("no-fabricmanager", "none"),
    option("no-gsp-firmware", "none"),
    option("no-cntlibs", "none"),
    option("cuda-compat-mode", "required"),
    ...everywhere,
  ],
}

export type CliCall =
  | { readonly kind: "wrong"; readonly program: string; readonly sentence: string }
  | ({ readonly kind: "command" } & (CliQuestion | CliConfigure))
  | { readonly kind: "help" | "usage" | "version"; readonly command: "" | keyof typeof commandOptions }

const programName = "nvidia-container-cli"

/** Where no command is, the reference shows how it is called, and leaves open what was wrong. */
const withoutCommand = (problem: string): CliCall => ({
  kind: "wrong",
  program: programName,
  sentence: `Usage: ${programName} [OPTION...] COMMAND [ARG...]: ${problem}`,
})

export function parseCliFlags(args: readonly string[]): CliCall {
  const global = readOptions(args, globalOptions, "beforeWords")
  if (typeof global === "string")
    return { kind: "wrong", program: programName, sentence: `${programName}: ${global}` }
  const asked = answeredFirst(global.given)
  if (asked !== undefined) return { kind: asked, command: "" }
  const [command, ...rest] = global.rest
  if (command === undefined) return withoutCommand("a command is missing")
  if (command !== "info" && command !== "list" && command !== "configure")
    return withoutCommand(`unknown command '${command}'`)
  const own = readOptions(rest, commandOptions[command], "anywhere")
  const program = `${programName} ${command}`
  if (typeof own === "string") return { kind: "wrong", program, sentence: `${program}: ${own}` }
  const answered = answeredFirst(own.given)
  if (answered !== undefined) return { kind: answered, command }
  const options = { global: global.given, given: own.given }
  if (command === "configure") {
    const [rawRootPath, more] = own.rest
    const usage = `Usage: ${program} [OPTION...] ROOTFS`
    if (rawRootPath === undefined)
      return { kind: "wrong", program, sentence: `${usage}: the root file system is missing` }
    if (more !== undefined)
      return { kind: "wrong", program, sentence: `${usage}: too many arguments: '${more}'` }
    return { kind: "command", command, ...options, rawRootPath }
  }
  if (own.rest.length > 0)
    return { kind: "wrong", program, sentence: `${program}: Too many arguments: '${own.rest[0]}'` }
  return { kind: "command", command, ...options, wordCount: rest.length }
}

const isAnswer = (name: string): name is "help" | "usage" | "version" =>
  name === "help" || name === "usage" || name === "version"

/** Whichever was met first: argp answers there and reads no further. */
const answeredFirst = (given: CliGiven): "help" | "usage" | "version" | undefined =>
  [...given.keys()].find(isAnswer)

function readOptions(
  args: readonly string[],
  options: readonly Option[],
  words: "anywhere" | "beforeWords",
): { readonly given: CliGiven; readonly rest: readonly string[] } | string {
  const given = new Map<string, readonly string[]>()
  const rest: string[] = []
  const note = ({ name }: Option, value: string): void => {
    given.set(name, [...(given.get(name) ?? []), value])
  }
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ""
    if (answeredFirst(given) !== undefined) return { given, rest }
    if (arg === "--") return { given, rest: [...rest, ...args.slice(index + 1)] }
    if (!arg.startsWith("-") || arg === "-") {
      if (words === "beforeWords") return { given, rest: args.slice(index) }
      rest.push(arg)
      continue
    }
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=")
      const name = equals === -1 ? arg.slice(2) : arg.slice(2, equals)
      const found = findLong(options, name, arg)
      if (typeof found === "string") return found
      if (equals !== -1 && found.value === "none") return `option '--${found.name}' doesn't allow an argument`
      if (equals !== -1) note(found, arg.slice(equals + 1))
      else if (found.value !== "required") note(found, "")
      else if (++index < args.length) note(found, args[index] ?? "")
      else return `option '--${found.name}' requires an argument`
      continue
    }
    for (let at = 1; at < arg.length; at++) {
      const found = options.find(({ short }) => short === arg[at])
      if (found === undefined) return `invalid option -- '${arg[at]}'`
      const attached = arg.slice(at + 1)
      if (found.value === "none") {
        note(found, "")
        continue
      }
      if (attached !== "" || found.value === "optional") note(found, attached)
      else if (++index < args.length) note(found, args[index] ?? "")
      else return `option requires an argument -- '${found.short}'`
      break
    }
  }
  return { given, rest }
}

/** The option, or what is wrong with the word. */
function findLong(options: readonly Option[], name: string, word: string): Option | string {
  const exact = options.find((one) => one.name === name)
  if (exact !== undefined) return exact
  const begun = name === "" ? [] : options.filter((one) => one.name.startsWith(name))
  if (begun.length > 1)
    return `option '${word}' is ambiguous; possibilities: ${begun.map((one) => `'--${one.name}'`).join(" ")}`
  return begun[0] ?? `unrecognized option '${word}'`
}
