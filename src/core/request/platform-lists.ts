/**
 * Which of a Tegra board's lists an image asks for, which mode `csv` alone looks at. Images of older boards brought most libraries from
 * the board; those of newer ones ask for them by a variable. Source: facts, toolkit §4.2.
 */

import { type Environment, environmentEvidence } from "./environment.ts"
import type { InjectionMode } from "./injection-mode.ts"
import type { ReasonLog } from "./reason.ts"

/** `base`: devices.csv, drivers.csv and l4t.csv. */
export type PlatformLists = "base" | "every"

const variable = "NVIDIA_REQUIRE_JETPACK"

export function selectPlatformLists(
  { environment, mode }: { readonly environment: Environment; readonly mode: InjectionMode },
  log: ReasonLog,
): PlatformLists {
  if (mode !== "csv") return "base"
  const isEvery = environment.get(variable) === "csv-mounts=all"
  log.add(
    isEvery ? "lists.every" : "lists.base",
    [environmentEvidence(environment, variable)],
    isEvery ? "every list of the board counts" : "the lists devices.csv, drivers.csv and l4t.csv count",
  )
  return isEvery ? "every" : "base"
}
