/**
 * What hooks of specifications make in a container, as far as their arguments tell: links and directories of libraries. LXD and Toolbx
 * read the same two words. Source: facts, toolkit §1.4; `nvidia-cdi-hook` and `nvidia-ctk hook` have the same arguments.
 */

import type { Hook } from "./spec.ts"

export interface HookLink {
  readonly target: string
  /** In the container. */
  readonly path: string
}

/** `create-symlinks --link target::path`. */
export function linksOf({ args }: Hook): readonly HookLink[] {
  if (!args.includes("create-symlinks")) return []
  return valuesOf(args, "link").flatMap((value) => {
    const at = value.indexOf("::")
    return at === -1 ? [] : [{ target: value.slice(0, at), path: value.slice(at + 2) }]
  })
}

/** `update-ldcache --folder directory`. */
export const foldersOf = ({ args }: Hook): readonly string[] =>
  args.includes("update-ldcache") ? valuesOf(args, "folder") : []

function valuesOf(args: readonly string[], flag: string): readonly string[] {
  return args.flatMap((arg, index) => {
    const body = arg.replace(/^--?/, "")
    if (body === arg) return []
    const value =
      body === flag ? args[index + 1] : body.startsWith(`${flag}=`) ? body.slice(flag.length + 1) : ""
    return (value ?? "").split(",").filter((one) => one !== "")
  })
}
