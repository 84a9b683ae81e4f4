/** Where the configuration says that CDI specifications lie. */

import { defaultDirectories } from "../../core/cdi/registry/spec-directories.ts"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { Config } from "../../core/request/config.ts"

const key = "nvidia-container-runtime.modes.cdi.spec-dirs"

/** Order: the last wins. Faults: ConfigValueInvalid. */
export function specificationDirectories(config: Config): Result<readonly string[]> {
  const directories = config.value(key) ?? defaultDirectories
  // Nothing is taken relative to the working directory, which is the engine's.
  const relative = directories.find((directory) => !directory.startsWith("/"))
  if (relative === undefined) return ok(directories)
  const evidence = config.evidence(key, "")
  const line = evidence.from === "config" ? (evidence.line ?? 0) : 0
  return fail(
    fault("ConfigValueInvalid", { key, line, expected: "absolute paths", found: JSON.stringify(relative) }),
  )
}
