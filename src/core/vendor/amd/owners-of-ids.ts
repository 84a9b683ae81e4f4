/** Whose each unique id is: of GPUs and of their partitions. */

import type { AmdGpu } from "./inventory.ts"

/** PCI addresses by id, each once. */
export function ownersOfIds(gpus: readonly AmdGpu[]): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, readonly string[]>()
  for (const { pciAddress, uniqueId, partitions } of gpus)
    for (const id of [uniqueId, ...partitions.map((one) => one.uniqueId)]) {
      if (id === undefined) continue
      const known = owners.get(id.value) ?? []
      if (!known.includes(pciAddress)) owners.set(id.value, [...known, pciAddress])
    }
  return owners
}
