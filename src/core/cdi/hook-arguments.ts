/**
 * What hooks of specifications make in a container, as far as their arguments tell: links and directories of libraries. LXD and Toolbx
 * read the same two words. Source: facts, toolkit §1.4; `nvidia-cdi-hook` and `nvidia-ctk hook` have the same arguments. `complete-container` is
 * one hook that does the work of several, with the flags of all.
 */

import type { Hook } from "./spec.ts"
import { type HookLink, parseLink } from "./toolkit-hooks.ts"

/** `create-symlinks --link target::path`. */
export function linksOf({ args }: Hook): readonly HookLink[] {
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
  args.some((arg) => /^(?:--?)?update-application-profile(?:=true)?$/.test(arg))

const isCall = (args: readonly string[], name: string): boolean =>
  args.includes(name) || args.includes("complete-container")

const valuesOf = (args: readonly string[], flag: string): readonly string[] =>
  flagValues(args, flag).flatMap((value) => (value ?? "").split(",").filter((one) => one !== ""))

/** What stands behind a flag, each time that it is there. undefined: nothing does. */
export function flagValues(args: readonly string[], flag: string): readonly (string | undefined)[] {
  return args.flatMap((arg, index) => {
    const body = arg.replace(/^--?/, "")
    if (body === arg) return []
    if (body === flag) return [args[index + 1]]
    return body.startsWith(`${flag}=`) ? [body.slice(flag.length + 1)] : []
  })
}
