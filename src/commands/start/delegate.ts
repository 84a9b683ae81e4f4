/** The delegating injector: the hook becomes nvidia-container-cli. Loaded only where that is wanted. */

import type { GpuDecision } from "../../core/plan/decide.ts"
import { planDelegate } from "../../core/plan/plan-delegate.ts"
import { liveDelegateMachine, shadowedDelegateMachine } from "../../host/delegate-machine.ts"
import type { Caller } from "../caller.ts"
import { report } from "../report.ts"

export async function delegate(
  { request, config, profile }: GpuDecision,
  { isDebug, caller }: { readonly isDebug: boolean; readonly caller: Caller },
): Promise<number> {
  const { environment } = caller
  const workingDirectory = process.cwd()
  const machine = config.gantry.mode === "shadow" ? shadowedDelegateMachine : liveDelegateMachine
  const planned = planDelegate({ request, config, profile, isDebug, workingDirectory, environment, machine })
  if (!planned.ok) return report(planned.fault)
  const { path, argv, env } = planned.value
  const became = await caller.become(path, [path, ...argv], env)
  return typeof became === "number" ? became : report(became)
}
