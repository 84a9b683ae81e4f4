/** The edits of several devices as an engine applies them. Source: the released Go cache (facts §6.5). */

import type { LoadedSpec, RegisteredDevice } from "../registry/registry.ts"
import type { ContainerEdits } from "../spec.ts"
import { mergeEdits } from "./merge-edits.ts"

export interface ResolvedDevices {
  /** As applied: before the first device of a specification its edits for every container. */
  readonly edits: ContainerEdits
  /** Order: as asked for. */
  readonly devices: readonly RegisteredDevice[]
}

/** Of devices of one registry, whose file's own edits come once. What is asked for twice is applied twice. Order: as asked for. */
export function collectEdits(devices: readonly RegisteredDevice[]): ResolvedDevices {
  const begun = new Set<LoadedSpec>()
  const edits = devices.flatMap(({ device, source }) => {
    const isFirst = !begun.has(source)
    begun.add(source)
    return isFirst ? [source.spec.containerEdits, device.containerEdits] : [device.containerEdits]
  })
  return { edits: mergeEdits(edits), devices }
}
