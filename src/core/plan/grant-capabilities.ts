/**
 * Which capabilities a plan applies. The hook applies what the container says; in the modes of the runtime wrapper the reference gives
 * every file of the driver whatever it says, and so do we unless `gantry.enforce` asks for strictness: then a finding tells what that
 * would change. Requirements and rights over MIG follow the same rule.
 */

import type { DriverCapability } from "../driver/capability.ts"
import { impliedLibraries } from "../driver/implied-files.ts"
import { type Fault, fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Config } from "../request/config.ts"
import { type InjectionMode, isStrict } from "../request/injection-mode.ts"
import type { ReasonLog } from "../request/reason.ts"
import type { GpuRequest } from "../request/request.ts"
import type { Granted } from "./plan-part.ts"

/** All but compat32, which is none of files of its own. */
export const everyCapability: readonly DriverCapability[] = [
  "compute",
  "display",
  "graphics",
  "ngx",
  "utility",
  "video",
]

export function grantCapabilities(
  { capabilities, passedOver }: GpuRequest,
  { mode, config }: { readonly mode: InjectionMode; readonly config: Config },
  log: ReasonLog,
): { readonly granted: Granted; readonly findings: readonly Finding[] } {
  if (isStrict(mode, config)) return { granted: expand(capabilities), findings: [] }
  const evidence = [config.evidence("gantry.enforce", "false")]
  log.add(
    "capabilities.everything",
    evidence,
    `mode ${mode} gives every file of the driver, whatever is asked for`,
  )
  // What cannot be granted at all is told of as such.
  const isRefused = passedOver.some(({ rule }) => rule === "driver capabilities")
  const lacking = isRefused ? [] : everyCapability.filter((one) => !capabilities.includes(one))
  const changes = [
    ...(lacking.length === 0 ? [] : [`files of ${lacking.join(", ")} alone would be left out`]),
    ...(capabilities.includes("compat32") ? ["32-bit libraries would be given"] : []),
  ]
  return {
    granted: expand(everyCapability),
    findings: changes.length === 0 ? [] : [notApplied(mode, "driver capabilities", changes.join(", and "))],
  }
}

function expand(asked: readonly DriverCapability[]): Granted {
  const implied = new Set(asked)
  for (const one of asked) for (const more of impliedLibraries[one] ?? []) implied.add(more)
  return { asked: new Set(asked), implied, isEverything: everyCapability.every((one) => implied.has(one)) }
}

/** What a mode does not apply, and what would change if it did. */
export const notApplied = (mode: InjectionMode, rule: string, change: string, cause?: Fault): Finding => ({
  severity: cause === undefined ? "note" : "warning",
  fault: fault("RuleNotApplied", { mode, rule, change }, cause),
  evidence: [],
})
