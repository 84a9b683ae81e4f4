/**
 * What hooks of specifications make in a container, as far as their arguments tell: links and directories of libraries. LXD and Toolbx
 * read the same two words. Source: facts, toolkit §1.4; `nvidia-cdi-hook` and `nvidia-ctk hook` have the same arguments. `complete-container` is
 * one hook that does the work of several, with the flags of all.
 */

import type { Hook } from "../spec.ts"
import { type HookLink, hookFlags, parseLink, stateFlag } from "./toolkit-hooks.ts"

/** `create-symlinks --link target::path`. */
export function linksInHook({ args }: Hook): readonly HookLink[] {
  if (!isCall(args, "create-symlinks")) return []
  return [...valuesOf(args, "link"), ...valuesOf(args, "node-link")].flatMap(
    (value) => parseLink(value) ?? [],
  )
}

/** `update-ldcache --folder directory`. */
export const foldersOf = ({ args }: Hook): readonly string[] =>
  isCall(args, "update-ldcache") ? valuesOf(args, "folder") : []

/** `update-application-profile`, or `complete-container --update-application-profile`. */
export const makesProfile = ({ args }: Hook): boolean =>
  args.includes("update-application-profile") || hasFlag(args, "update-application-profile")

const isCall = (args: readonly string[], name: string): boolean =>
  args.includes(name) || args.includes("complete-container")

const valuesOf = (args: readonly string[], flag: string): readonly string[] =>
  flagValues(args, flag).flatMap((value) => (value ?? "").split(",").filter((one) => one !== ""))

/** A switch that is on, or a flag with a value. */
export const hasFlag = (args: readonly string[], flag: string): boolean =>
  args.some((arg) => {
    const said = flagIn(arg)
    return said?.name === flag && said.value !== "false"
  })

/** The value of a flag, each time that it is there. undefined: nothing follows it. */
export function flagValues(args: readonly string[], flag: string): readonly (string | undefined)[] {
  return args.flatMap((arg, index) => {
    const said = flagIn(arg)
    return said?.name === flag ? [said.value ?? args[index + 1]] : []
  })
}

const everySwitch = ["debug", "quiet", "help", "version", "d", "h", "v"]

/** The first flag, as it is written, that Gantry's hook `call` does not know. undefined: it knows all, or nobody knows the hook. */
export function unknownFlag(args: readonly string[], call: string): string | undefined {
  if (!Object.hasOwn(hookFlags, call)) return undefined
  const { valued, switches } = hookFlags[call as keyof typeof hookFlags]
  for (let index = 0; index < args.length && args[index] !== "--"; index++) {
    const said = flagIn(args[index] ?? "")
    if (said === undefined) continue
    if ([stateFlag, ...valued].includes(said.name)) index += said.value === undefined ? 1 : 0
    else if (![...everySwitch, ...switches].includes(said.name)) return args[index]
  }
  return undefined
}

/** `--name`, `-name` and `--name=value` are flags, as the toolkit's programs read them. */
function flagIn(arg: string): { readonly name: string; readonly value: string | undefined } | undefined {
  const [, name, value] = /^--?([^=]+)(?:=(.*))?$/s.exec(arg) ?? []
  return name === undefined ? undefined : { name, value }
}
