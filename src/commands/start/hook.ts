/**
 * `nvidia-container-runtime-hook`: the OCI prestart hook, in the reference's place. Wiring only: flags and standard input to a
 * decision, the decision to the injector.
 */

import { decide } from "../../core/plan/decide.ts"
import { readState } from "../../host/files/read-text.ts"
import { hookSources, readConfig } from "../../host/hook-sources.ts"
import { parseConfigText } from "../../host/parse-config-text.ts"
import { waitReadable } from "../../linux/poll.ts"
import { isTerminal } from "../../linux/terminal.ts"
import { type Caller, ownCaller, variableOf } from "../caller.ts"
import { report } from "../report.ts"
import { type HookCall, parseHookFlags } from "./hook-flags.ts"

type Prestart = Extract<HookCall, { readonly kind: "prestart" }>

export async function run(
  args: readonly string[],
  programName: string,
  caller: Caller = ownCaller(args),
): Promise<number> {
  const call = parseHookFlags(args)
  switch (call.kind) {
    case "nothing":
      return 0
    case "prestart":
      return await prestart(call, caller)
    default:
      return (await import("./tell-hook.ts")).tellHook(call, programName)
  }
}

async function prestart(call: Prestart, caller: Caller): Promise<number> {
  const variable = (name: string): string | undefined => variableOf(caller, name)
  const config = await parseConfigText(readConfig({ ...call, variable }).text, call.profile)
  const decision = decide(
    hookSources({ ...call, config, readState: () => readState({ isTerminal, waitReadable }) }),
  )
  switch (decision.kind) {
    case "off":
    case "nothing":
      return 0
    case "refuse":
      return await report(decision.fault)
    case "gpu": {
      const delegate = async (): Promise<number> =>
        (await import("./delegate.ts")).delegate(decision, { isDebug: call.isDebug, caller })
      if (decision.config.gantry.mode === "shadow") {
        const { logOnly } = await import("./inject.ts")
        await logOnly(decision)
        return await delegate()
      }
      const injector = call.injector ?? decision.config.gantry.injector ?? "native"
      if (injector === "delegate") return await delegate()
      const { inject } = await import("./inject.ts")
      const problem = await inject(decision)
      return problem === undefined ? 0 : await report(problem)
    }
  }
}
