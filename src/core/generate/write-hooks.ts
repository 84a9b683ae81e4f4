/**
 * Hooks of a specification: one entry for each, in the reference's shapes, which other tools read too (`create-symlinks --link target::link`,
 * `update-ldcache --folder DIR`); or one entry that does everything in one process. Every entry has an environment: runc before
 * 1.3 would otherwise hand on the container's, which its image chooses (CVE-2025-23266).
 */

import { renderLink } from "../cdi/edits/toolkit-hooks.ts"
import type { Hook } from "../cdi/spec.ts"
import { baseName } from "../text/path.ts"
import type { HookCall } from "./part.ts"
import type { HookStyle } from "./spec-request.ts"

/** The variable that the reference's hooks carry (facts, toolkit §5): any one keeps the container's from a hook that runs as root. */
const environment: readonly string[] = ["NVIDIA_CTK_DEBUG=false"]

/** Hooks that are enabled and have something to do. Order: as called. */
export const writeHooks = (calls: readonly HookCall[], style: HookStyle): readonly Hook[] =>
  calls.flatMap((call) => {
    if (!style.isEnabled(call.name)) return []
    const flags = flagsOf(call, style)
    return flags === undefined ? [] : [writeHook(call.name, flags, style)]
  })

/** The same work as one entry. `ofDevices`: links that are made where the container has what they name. */
export function writeOneHook(
  calls: readonly HookCall[],
  ofDevices: readonly HookCall[],
  style: HookStyle,
): readonly Hook[] {
  const flags = calls.flatMap((call): readonly string[] => {
    if (!style.isEnabled(call.name)) return []
    switch (call.name) {
      case "disable-device-node-modification":
      case "update-application-profile":
        return [`--${call.name}`]
      case "enable-cuda-compat":
        return [`--${call.name}`, ...(flagsOf(call, style) ?? [])]
      case "chmod":
        return []
      default:
        return flagsOf(call, style) ?? []
    }
  })
  const links = ofDevices.flatMap((call) =>
    call.name === "create-symlinks" && style.isEnabled(call.name)
      ? call.links.flatMap((link) => ["--node-link", renderLink(link)])
      : [],
  )
  const all = [...flags, ...links]
  return all.length === 0 ? [] : [writeHook("complete-container", all, style)]
}

/** undefined: there is nothing to do. */
function flagsOf(call: HookCall, { ldconfigPath }: HookStyle): readonly string[] | undefined {
  const repeated = (flag: string, values: readonly string[]): readonly string[] | undefined =>
    values.length === 0 ? undefined : values.flatMap((value) => [flag, value])
  switch (call.name) {
    case "create-symlinks":
      return repeated("--link", call.links.map(renderLink))
    case "chmod": {
      const paths = repeated("--path", call.paths)
      return paths === undefined ? undefined : ["--mode", "755", ...paths]
    }
    case "enable-cuda-compat":
      return [
        ...(call.hostDriverVersion === undefined ? [] : [`--host-driver-version=${call.hostDriverVersion}`]),
        ...(call.hostCudaVersion === undefined ? [] : [`--host-cuda-version=${call.hostCudaVersion}`]),
        ...(call.directory === "" ? [] : [`--cuda-compat-container-root=${call.directory}`]),
      ]
    case "update-ldcache": {
      const folders = repeated("--folder", call.folders)
      if (folders === undefined) return undefined
      return [...(ldconfigPath === "" ? [] : ["--ldconfig-path", ldconfigPath]), ...folders]
    }
    default:
      return []
  }
}

function writeHook(name: string, flags: readonly string[], { path }: HookStyle): Hook {
  return {
    hookName: "createContainer",
    path,
    args: [...programWords(path), name, ...flags],
    env: environment,
    timeout: undefined,
  }
}

/**
 * How the program is told that it is a hook: by a word, or by the name that it is called by. Gantry goes by that name whatever its file is
 * called, the toolkit's own program by none, and tools that look for the toolkit's hooks know this one.
 */
const programWords = (path: string): readonly string[] =>
  baseName(path) === "nvidia-ctk" ? ["nvidia-ctk", "hook"] : ["nvidia-cdi-hook"]
