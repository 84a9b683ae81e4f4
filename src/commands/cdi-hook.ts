/**
 * `nvidia-cdi-hook`: what CDI specifications have engines do to a container that was made but not started. Wiring only; each hook's
 * work is loaded when it is asked for.
 */

import { writeSync } from "node:fs"
import type { HookEffect } from "../apply/cdi-hook/effect.ts"
import { openContainerRoot } from "../apply/cdi-hook/open-container-root.ts"
import { fault } from "../core/fault/fault.ts"
import { renderFaultLine } from "../core/fault/render.ts"
import type { Result } from "../core/fault/result.ts"
import { escapeControl } from "../core/text/escape.ts"
import { readContainerRoot } from "../host/read-container-root.ts"
import { readState, readText } from "../host/read-text.ts"
import type { Root } from "../linux/in-root.ts"
import { waitReadable } from "../linux/poll.ts"
import { isTerminal } from "../linux/terminal.ts"
import {
  type CdiHook,
  type CdiHookCall,
  cdiHookUsage,
  parseCdiHookFlags,
  type Verbosity,
} from "./cdi-hook-flags.ts"
import { print, report } from "./report.ts"

export async function run(args: readonly string[]): Promise<number> {
  const call = parseCdiHookFlags(args, (name) => process.env[name])
  switch (call.kind) {
    case "help":
      print(`usage: ${cdiHookUsage}\n`)
      return 0
    case "version": {
      const { version } = await import("../version.ts")
      print(`NVIDIA CDI Hook version ${version} (gantry)\n`)
      return 0
    }
    case "wrong":
      return report(fault("CdiHookUsageInvalid", { problem: call.problem, usage: call.usage }))
    case "unknown":
      if (call.verbosity !== "quiet")
        tell("warning", renderFaultLine(fault("CdiHookUnknown", { name: call.name })))
      return 0
    case "hook":
      return await serve(call)
  }
}

async function serve({
  hook,
  statePath,
  verbosity,
}: Extract<CdiHookCall, { readonly kind: "hook" }>): Promise<number> {
  if (hook.name === "noop") return 0
  const state =
    statePath === undefined ? readState({ isTerminal, waitReadable }) : readText("container state", statePath)
  if (!state.ok) return report(state.fault)
  const path = readContainerRoot(state.value)
  if (!path.ok) return report(path.fault)
  const root = openContainerRoot(path.value)
  if (!root.ok) return report(root.fault)
  // Directories are made with the permissions that they are given, whatever the engine has masked.
  process.umask(0o022)
  const effect = await apply(hook, root.value)
  if (!effect.ok) return report(effect.fault)
  tellEffect(effect.value, verbosity)
  return 0
}

async function apply(hook: CdiHook, root: Root): Promise<Result<HookEffect>> {
  switch (hook.name) {
    case "create-symlinks":
      return (await import("../apply/cdi-hook/create-symlinks.ts")).createSymlinks(root, hook.links)
    case "update-ldcache":
      return (await import("../apply/cdi-hook/update-ldcache.ts")).updateLdcache(root, hook.folders)
    case "enable-cuda-compat":
      return (await import("../apply/cdi-hook/enable-cuda-compat.ts")).enableCudaCompat(root, hook)
    case "disable-device-node-modification":
      return (await import("../apply/cdi-hook/disable-node-modification.ts")).disableNodeModification(root)
    case "update-application-profile":
      return (await import("../apply/cdi-hook/update-application-profile.ts")).updateApplicationProfile(root)
    case "chmod":
      return (await import("../apply/cdi-hook/change-modes.ts")).changeModes(root, hook.paths, hook.mode)
    case "noop":
      return { ok: true, value: { changes: [], findings: [] } }
  }
}

/** Notes and changes only for who looks for something; the engine's log has enough. */
function tellEffect({ changes, findings }: HookEffect, verbosity: Verbosity): void {
  if (verbosity === "quiet") return
  for (const { severity, fault: told } of findings)
    if (severity !== "note" || verbosity === "debug") tell(severity, renderFaultLine(told))
  if (verbosity === "debug") for (const change of changes) tell("debug", escapeControl(change))
}

const tell = (level: string, line: string): void => {
  writeSync(2, `${level}: ${line}\n`)
}
