/**
 * What a plan depends on besides the machine, as one text: containers with the same key are given the same, as long as the machine stays
 * as it is. Everything that planning reads stands in it; the container's own names (bundle, root, process) do not, and no plan has them.
 */

import type { ContainerLayout } from "./container-layout.ts"
import type { GpuDecision } from "./plan-container.ts"

/** Beyond it a container asks for so much that to keep it would cost more than to plan it. Units: characters. */
const lengthLimit = 64 * 1024

/** `surroundings`: whatever else the caller plans with. undefined: too long to keep. */
export function startKey(
  { config, profile, mode, request, log }: GpuDecision,
  surroundings: { readonly layout: ContainerLayout },
): string | undefined {
  const asked = { ...request, container: undefined, reasons: log.reasons }
  const key = JSON.stringify([config.text, profile.name, mode, asked, surroundings])
  return key.length > lengthLimit ? undefined : key
}
