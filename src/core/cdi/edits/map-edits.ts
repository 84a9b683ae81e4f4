/**
 * The same change to every edits of a specification. Devices that are one under several names share their edits, and go on sharing them: what
 * is done to one is done once, down to the text.
 */

import type { CdiSpec, ContainerEdits } from "../spec.ts"

export function mapEdits(spec: CdiSpec, change: (edits: ContainerEdits) => ContainerEdits): CdiSpec {
  const once = shareResults(change)
  return {
    ...spec,
    containerEdits: once(spec.containerEdits),
    devices: spec.devices.map((device) => ({ ...device, containerEdits: once(device.containerEdits) })),
  }
}

/** The same result for the same object. */
export function shareResults<T extends object, R>(make: (one: T) => R): (one: T) => R {
  const known = new Map<T, R>()
  return (one) => {
    const found = known.get(one)
    if (found !== undefined) return found
    const made = make(one)
    known.set(one, made)
    return made
  }
}
