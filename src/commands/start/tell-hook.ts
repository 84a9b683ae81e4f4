/** What the hook says when it is asked of itself, or wrongly. A start loads none of it. */

import { writeSync } from "node:fs"
import { fault } from "../../core/fault/fault.ts"
import { version } from "../../version.ts"
import { report } from "../report.ts"
import type { HookCall } from "./hook-flags.ts"

const hookUsage =
  "nvidia-container-runtime-hook [-profile P] [-injector native|delegate] [-debug] [-version] [-config FILE] prestart|poststart|poststop"

export async function tellHook(
  call: Exclude<HookCall, { readonly kind: "nothing" | "prestart" }>,
  programName: string,
): Promise<number> {
  switch (call.kind) {
    case "help":
      writeSync(2, `usage: ${hookUsage}\n`)
      return 0
    case "version":
      writeSync(1, `NVIDIA Container Runtime Hook version ${version} (gantry)\n`)
      return 0
    case "wrong":
      return report(fault("UsageInvalid", { program: programName, problem: call.problem, usage: hookUsage }))
  }
}
