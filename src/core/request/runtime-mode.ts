/** Which of the reference's modes the wrapper serves a container in: by its own name, else by the configuration. */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Config } from "./config.ts"
import type { InjectionMode } from "./injection-mode.ts"

const byName: Readonly<Record<string, InjectionMode>> = {
  "nvidia-container-runtime.cdi": "cdi",
  "nvidia-container-runtime.legacy": "legacy",
}

/** `isTegra` is asked only where it decides. Faults: RuntimeModeUnknown. */
export function chooseRuntimeMode(
  programName: string,
  config: Config,
  isTegra: () => boolean,
): Result<InjectionMode> {
  const named = Object.hasOwn(byName, programName) ? byName[programName] : undefined
  const mode = named ?? config.value("nvidia-container-runtime.mode") ?? "auto"
  if (mode === "auto") return ok(isTegra() ? "csv" : "jit-cdi")
  return isMode(mode) ? ok(mode) : fail(fault("RuntimeModeUnknown", { mode }))
}

const isMode = (mode: string): mode is InjectionMode =>
  mode === "jit-cdi" || mode === "cdi" || mode === "csv" || mode === "legacy"
