/**
 * `nvidia-cdi-hook`: what CDI specifications have engines do to a container that was made but not started. Wiring only; each hook's
 * work is loaded when it is asked for, and what faults say when one is told.
 */

import type { HookEffect } from "../../apply/cdi-hook/effect.ts"
import { openWritable } from "../../apply/cdi-hook/writable-root.ts"
import { openContainerRoot } from "../../apply/open-container-root.ts"
import { fault } from "../../core/fault/fault.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { readState, readText } from "../../host/files/read-text.ts"
import { readContainerRoot } from "../../host/read-container-root.ts"
import { checkShortage, type Root } from "../../linux/in-root.ts"
import { waitReadable } from "../../linux/poll.ts"
import { isTerminal } from "../../linux/terminal.ts"
import { type Caller, ownCaller, variableOf } from "../caller.ts"
import { print, report } from "../report.ts"
import { type CdiHook, type CdiHookCall, parseCdiHookFlags, type Verbosity } from "./cdi-hook-flags.ts"

export async function run(
  args: readonly string[],
  _programName: string,
  caller: Caller = ownCaller(args),
): Promise<number> {
  const call = parseCdiHookFlags(args, (name) => variableOf(caller, name))
  switch (call.kind) {
    case "help":
      await print(`usage: ${call.usage}\n`)
      return 0
    case "version": {
      const { version } = await import("../../version.ts")
      await print(`NVIDIA CDI Hook version ${version} (gantry)\n`)
      return 0
    }
    case "wrong":
      return await report(fault("CdiHookUsageInvalid", { problem: call.problem, usage: call.usage }))
    case "unknown": {
      const told = fault("CdiHookUnknown", { name: call.name })
      await tell(
        { changes: [], findings: [{ severity: "warning", fault: told, evidence: [call.name] }] },
        call.verbosity,
      )
      return 0
    }
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
  if (!state.ok) return await report(state.fault)
  const path = readContainerRoot(state.value)
  if (!path.ok) return await report(path.fault)
  const root = openContainerRoot(path.value)
  if (!root.ok) return await report(root.fault)
  // Directories are made with the permissions that they are given, whatever the engine has masked.
  process.umask(0o022)
  const effect = await apply(hook, root.value)
  if (!effect.ok) return await report(effect.fault)
  // What a hook took for absent, and left, may be there.
  const sure = checkShortage(root.value)
  if (!sure.ok) return await report(sure.fault)
  await tell(effect.value, verbosity)
  return 0
}

async function apply(hook: CdiHook, root: Root): Promise<Result<HookEffect>> {
  switch (hook.name) {
    case "create-symlinks":
      return (await import("../../apply/cdi-hook/create-symlinks.ts")).createSymlinks(
        openWritable(root),
        hook.links,
      )
    case "update-ldcache":
      return (await import("../../apply/cdi-hook/update-ldcache.ts")).updateLdcache(
        openWritable(root),
        hook.folders,
      )
    case "enable-cuda-compat":
      return (await import("../../apply/cdi-hook/enable-cuda-compat.ts")).enableCudaCompat(
        openWritable(root),
        hook,
      )
    case "disable-device-node-modification":
      return (await import("../../apply/cdi-hook/disable-node-modification.ts")).disableNodeModification(root)
    case "update-application-profile":
      return (await import("../../apply/cdi-hook/update-application-profile.ts")).updateApplicationProfile(
        openWritable(root),
      )
    case "chmod":
      return (await import("../../apply/cdi-hook/change-modes.ts")).changeModes(
        openWritable(root),
        hook.paths,
        hook.mode,
      )
    case "complete-container":
      return (await import("../../apply/cdi-hook/complete-container.ts")).completeContainer(root, hook)
    case "noop":
      return ok({ changes: [], findings: [] })
  }
}

async function tell(effect: HookEffect, verbosity: Verbosity): Promise<void> {
  if (effect.findings.length > 0 || verbosity === "debug")
    (await import("./tell-effect.ts")).tellEffect(effect, verbosity)
}
