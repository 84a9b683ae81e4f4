/**
 * What the reference's hooks do is part of our plan, and who has told it to run one of them without knows why: what that one would do
 * is left out. It applies that in mode jit-cdi alone, and so do we. Source: facts, toolkit §3, §5.3.
 */

import type { Config } from "../request/config.ts"
import type { InjectionMode } from "../request/injection-mode.ts"
import type { ReasonLog } from "../request/reason.ts"
import type { Edit } from "./edit.ts"
import type { Omission } from "./plan.ts"

const key = "nvidia-container-runtime.modes.jit-cdi.nvcdi-disable-hooks"

export const isHookDisabled = (name: string, mode: InjectionMode, config: Config): boolean =>
  mode === "jit-cdi" && (config.value(key) ?? []).some((one) => one === name || one === "all")

export const disabledHooks = (config: Config): ReturnType<Config["evidence"]> => config.evidence(key, "[]")

function hookFor(edit: Edit): string | undefined {
  switch (edit.kind) {
    case "symlink":
      return "create-symlinks"
    case "ldcache":
    case "muslPath":
      return "update-ldcache"
    case "file":
      return edit.path.startsWith("/proc/")
        ? "disable-device-node-modification"
        : "update-application-profile"
    default:
      return undefined
  }
}

export function leaveHooksOut(
  edits: readonly Edit[],
  { mode, config, log }: { readonly mode: InjectionMode; readonly config: Config; readonly log: ReasonLog },
): { readonly edits: readonly Edit[]; readonly omissions: readonly Omission[] } {
  const isLeft = (edit: Edit): boolean => {
    const hook = hookFor(edit)
    return hook !== undefined && isHookDisabled(hook, mode, config)
  }
  const left = edits.flatMap((edit) => (isLeft(edit) && "path" in edit ? [edit.path] : []))
  if (left.length === 0) return { edits, omissions: [] }
  const why = log.add(
    "hooks.disabled",
    [disabledHooks(config)],
    "what the hooks that are switched off do is left out",
  )
  return {
    edits: edits.filter((edit) => !isLeft(edit)),
    omissions: left.map((what) => ({ what, reasons: [why] })),
  }
}
