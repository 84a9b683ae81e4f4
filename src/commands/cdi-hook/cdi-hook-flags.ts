/**
 * The command line of nvidia-cdi-hook, as it stands in CDI specifications of every age: global flags, a hook, its flags; one or two
 * dashes, `-flag value` or `-flag=value`. Flags that may be repeated also take a list with commas. Source: facts, toolkit §1.4, and the
 * recorded runs. A hook that is not known is no error: a newer specification must not break an older program.
 */

import type { CompletionCall } from "../../apply/cdi-hook/complete-container.ts"
import type { CompatCall } from "../../apply/cdi-hook/enable-cuda-compat.ts"
import {
  type HookCommand,
  type HookLink,
  hookFlags,
  parseLink,
  stateFlag,
} from "../../core/cdi/edits/toolkit-hooks.ts"
import { isLdSoConfLine } from "../../core/ldcache/plan-loader-files.ts"
import { cleanPath } from "../../core/text/path.ts"

export type CdiHook =
  | { readonly name: "noop" | "disable-device-node-modification" | "update-application-profile" }
  | {
      readonly name: "create-symlinks"
      readonly links: readonly HookLink[]
    }
  | { readonly name: "update-ldcache"; readonly folders: readonly string[] }
  | ({ readonly name: "enable-cuda-compat" } & CompatCall)
  | { readonly name: "chmod"; readonly paths: readonly string[]; readonly mode: number }
  /** All of the above in one call, which only our own specifications make. */
  | ({ readonly name: "complete-container" } & CompletionCall)

export type CdiHookCall =
  | { readonly kind: "help"; readonly usage: string }
  | { readonly kind: "version" }
  | { readonly kind: "wrong"; readonly problem: string; readonly usage: string }
  /** `name` is empty: none was named. */
  | { readonly kind: "unknown"; readonly name: string; readonly verbosity: Verbosity }
  | {
      readonly kind: "hook"
      readonly hook: CdiHook
      readonly verbosity: Verbosity
      /** A file with the container's state; undefined: standard input. */
      readonly statePath: string | undefined
    }

export type Verbosity = "quiet" | "normal" | "debug"

export const cdiHookUsage: string = `nvidia-cdi-hook [--debug] [--quiet] ${Object.keys(hookFlags).join("|")} [flags]`

/** Both names of each are known to older and newer specifications; the first one that is set counts, as with the reference. */
const environmentTwins = {
  debug: ["NVIDIA_CTK_DEBUG", "NVIDIA_CDI_DEBUG"],
  quiet: ["NVIDIA_CTK_QUIET", "NVIDIA_CDI_QUIET"],
} as const

const shortNames: Readonly<Record<string, string>> = { d: "debug", h: "help", v: "version" }

export function parseCdiHookFlags(
  args: readonly string[],
  variable: (name: string) => string | undefined,
): CdiHookCall {
  const global = readFlags(args, [], "beforeWords")
  if ("problem" in global) return { kind: "wrong", problem: global.problem, usage: cdiHookUsage }
  const answered = answer(global.switches)
  if (answered !== undefined) return answerWith(answered, cdiHookUsage)
  const [name = "", ...rest] = global.words
  if (!isHookCommand(name)) return { kind: "unknown", name, verbosity: verbosityOf([global], variable) }
  const { valued, switches } = hookFlags[name]
  const usage = usageOf(name)
  const own = readFlags(rest, [stateFlag, ...valued], "anywhere", switches)
  if ("problem" in own) return { kind: "wrong", problem: own.problem, usage }
  const asked = answer(own.switches)
  if (asked !== undefined) return answerWith(asked, usage)
  const hook = chooseHook(name, own)
  if (typeof hook === "string") return { kind: "wrong", problem: hook, usage }
  const statePath = own.values.get(stateFlag)?.at(-1) ?? ""
  return {
    kind: "hook",
    hook,
    verbosity: verbosityOf([global, own], variable),
    statePath: statePath === "" || statePath === "-" ? undefined : statePath,
  }
}

function usageOf(name: HookCommand): string {
  const { valued, switches } = hookFlags[name]
  const own = [...valued.map((flag) => `--${flag} …`), ...switches.map((flag) => `[--${flag}]`)]
  return ["nvidia-cdi-hook", name, ...own, `[--${stateFlag} FILE]`].join(" ")
}

const answerWith = (kind: "help" | "version", usage: string): CdiHookCall =>
  kind === "help" ? { kind, usage } : { kind }

const isHookCommand = (name: string): name is CdiHook["name"] => Object.hasOwn(hookFlags, name)

interface Given {
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly switches: ReadonlyMap<string, boolean>
  readonly words: readonly string[]
}

function readFlags(
  args: readonly string[],
  valued: readonly string[],
  words: "anywhere" | "beforeWords",
  ownSwitches: readonly string[] = [],
): Given | { readonly problem: string } {
  const values = new Map<string, readonly string[]>()
  const switches = new Map<string, boolean>()
  const rest: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ""
    if (arg === "--") return { values, switches, words: [...rest, ...args.slice(index + 1)] }
    if (!arg.startsWith("-") || arg === "-") {
      if (words === "beforeWords") return { values, switches, words: args.slice(index) }
      rest.push(arg)
      continue
    }
    const body = arg.replace(/^--?/, "")
    const equals = body.indexOf("=")
    const written = equals === -1 ? body : body.slice(0, equals)
    const given = equals === -1 ? undefined : body.slice(equals + 1)
    const name = Object.hasOwn(shortNames, written) ? (shortNames[written] ?? written) : written
    if (["debug", "quiet", "help", "version", ...ownSwitches].includes(name)) {
      const value = given === undefined ? true : parseBoolean(given)
      if (value === undefined)
        return { problem: `invalid boolean value ${JSON.stringify(given)} for flag -${written}` }
      switches.set(name, value)
    } else if (valued.includes(name)) {
      if (given === undefined && index + 1 >= args.length)
        return { problem: `flag needs an argument: -${written}` }
      values.set(name, [...(values.get(name) ?? []), given ?? args[++index] ?? ""])
    } else return { problem: `flag provided but not defined: -${written}` }
  }
  return { values, switches, words: rest }
}

function answer(switches: ReadonlyMap<string, boolean>): "help" | "version" | undefined {
  if (switches.get("help") === true) return "help"
  return switches.get("version") === true ? "version" : undefined
}

function parseBoolean(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined
}

/** A flag beats its variables. A variable that is no boolean is false: it is not worth a container's start. */
function verbosityOf(given: readonly Given[], variable: (name: string) => string | undefined): Verbosity {
  const isOn = (name: keyof typeof environmentTwins): boolean => {
    const [first, second] = environmentTwins[name]
    return (
      given.findLast(({ switches }) => switches.has(name))?.switches.get(name) ??
      parseBoolean(variable(first) ?? variable(second) ?? "") === true
    )
  }
  if (isOn("quiet")) return "quiet"
  return isOn("debug") ? "debug" : "normal"
}

/** The hook, or what is wrong with what it was given. */
function chooseHook(name: CdiHook["name"], { values, switches }: Given): CdiHook | string {
  const list = (flag: string): readonly string[] => [
    ...new Set((values.get(flag) ?? []).flatMap((value) => value.split(","))),
  ]
  const last = (flag: string): string => values.get(flag)?.at(-1) ?? ""
  switch (name) {
    case "create-symlinks": {
      const links = readLinks(list("link"))
      return typeof links === "string" ? links : { name, links }
    }
    case "update-ldcache": {
      const folders = readFolders(list("folder"))
      return typeof folders === "string" ? folders : { name, folders }
    }
    case "enable-cuda-compat":
      return { name, ...readCompat(last) }
    case "complete-container": {
      const links = readLinks(list("link"))
      if (typeof links === "string") return links
      const nodeLinks = readLinks(list("node-link"))
      if (typeof nodeLinks === "string") return nodeLinks
      const folders = readFolders(list("folder"))
      if (typeof folders === "string") return folders
      return {
        name,
        links,
        nodeLinks,
        folders,
        compat: switches.get("enable-cuda-compat") === true ? readCompat(last) : undefined,
        disablesNodeModification: switches.get("disable-device-node-modification") === true,
        hasApplicationProfile: switches.get("update-application-profile") === true,
      }
    }
    case "chmod": {
      const mode = last("mode")
      if (!/^0*[0-7]{1,3}$/.test(mode))
        return `failed to parse mode as octal: ${JSON.stringify(mode)}: invalid syntax`
      const paths = list("path")
      return paths.some((path) => path.trim() === "")
        ? "paths must not be empty"
        : { name, paths, mode: Number.parseInt(mode, 8) }
    }
    default:
      return { name }
  }
}

/** The links, or what is wrong with one. */
function readLinks(texts: readonly string[]): readonly HookLink[] | string {
  const links: HookLink[] = []
  for (const text of texts) {
    const link = parseLink(text)
    if (link === undefined) return `invalid symlink specification ${text}`
    links.push(link)
  }
  return links
}

/** The folders, or what is wrong with one. */
function readFolders(texts: readonly string[]): readonly string[] | string {
  const folders = [...new Set(texts.filter((folder) => folder !== "").map(cleanPath))]
  const wrong = folders.find((folder) => !isLdSoConfLine(folder))
  return wrong === undefined ? folders : `invalid folder ${JSON.stringify(wrong)}`
}

const readCompat = (last: (flag: string) => string): CompatCall => ({
  directory: last("cuda-compat-container-root") || undefined,
  hostDriverVersion: last("host-driver-version") || undefined,
  hostCudaVersion: last("host-cuda-version") || undefined,
})
