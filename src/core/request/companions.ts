/**
 * What an image asks for beside GPUs: GPUDirect Storage, InfiniBand, GDRCopy, NVSwitches, each by a variable that says `enabled`.
 * Source: facts, toolkit §4.2, §4.5. The reference's hook knows none of them; its runtime wrapper does, in every mode.
 */

import { type Environment, environmentEvidence } from "./environment.ts"
import type { Companion, Profile } from "./profile.ts"
import type { ReasonLog } from "./reason.ts"

/** Order: as in the profile. */
export function selectCompanions(
  { environment, profile }: { readonly environment: Environment; readonly profile: Profile },
  log: ReasonLog,
): readonly Companion[] {
  return profile.companions.filter((companion) => {
    const name = companionVariable(companion)
    const isAsked = environment.get(name) === "enabled"
    if (isAsked)
      log.add(`companion.${companion}`, [environmentEvidence(environment, name)], `${companion} is asked for`)
    return isAsked
  })
}

export const companionVariable = (companion: Companion): string => `NVIDIA_${companion.toUpperCase()}`
