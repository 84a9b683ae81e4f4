/**
 * Whose rules a container is served by. The hook (`legacy`) applies what the container says of capabilities, requirements and rights over
 * MIG; in the modes of the runtime wrapper the reference looks at none of it, and so do we unless `gantry.enforce` asks for strictness.
 */

import type { Config } from "./config.ts"

export type InjectionMode = "legacy" | "jit-cdi" | "cdi" | "csv"

export type Injector = "native" | "delegate"

export const isStrict = (mode: InjectionMode, config: Config): boolean =>
  mode === "legacy" || config.gantry.enforce

/** Mode `csv` judges what an image requires of the driver, and nothing else that is strict. */
export const appliesRequirements = (mode: InjectionMode, config: Config): boolean =>
  mode === "csv" || isStrict(mode, config)
