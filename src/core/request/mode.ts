/**
 * May the hook serve this request, or is it the runtime wrapper's? The reference refuses in the hook what its wrapper does
 * otherwise: explicit modes but `legacy`, requests of nothing but CDI names, Tegra.
 */

import { qualify } from "../cdi/rules/qualify.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Config } from "./config.ts"
import type { ReasonLog } from "./reason.ts"

export interface ModeInput {
  readonly config: Config
  /** undefined: judged before the request is known. */
  readonly devices: readonly string[] | undefined
  readonly isTegra: () => boolean
}

/** Faults: ModeNotServed, CdiNameOneLetter. */
export function checkHookMode({ config, devices, isTegra }: ModeInput, log: ReasonLog): Result<true> {
  const evidence = [config.evidence("nvidia-container-runtime.mode", "auto")]
  if (config.value("nvidia-container-runtime-hook.skip-mode-detection") === true) {
    const skip = config.evidence("nvidia-container-runtime-hook.skip-mode-detection", "false")
    log.add("mode.notChecked", [skip], "the mode is not checked")
    return ok(true)
  }
  const mode = config.value("nvidia-container-runtime.mode") ?? "auto"
  if (mode !== "auto") {
    log.add("mode.explicit", evidence, `the configuration asks for mode ${mode}`)
    return mode === "legacy" ? ok(true) : fail(fault("ModeNotServed", { mode }))
  }
  let areAllQualified = devices !== undefined && devices.length > 0
  for (const device of devices ?? []) {
    const form = qualify(device)
    if (form === "oneLetter") return fail(fault("CdiNameOneLetter", { name: device }))
    if (form === "unqualified") {
      areAllQualified = false
      break
    }
  }
  if (areAllQualified) {
    log.add("mode.cdi", evidence, "every device asked for is a CDI name, which the hook cannot serve")
    return fail(fault("ModeNotServed", { mode: "cdi" }))
  }
  if (isTegra()) {
    log.add(
      "mode.tegra",
      [...evidence, { from: "machine", path: "/etc/nv_tegra_release", value: "present" }],
      "a Tegra machine",
    )
    return fail(fault("ModeNotServed", { mode: "csv" }))
  }
  log.add("mode.legacy", evidence, "the hook serves this machine")
  return ok(true)
}
