/** What generators call the devices of a machine, in every form in which people write it. Source: facts, toolkit §5.2. */

import { normalisePciAddress, pciAddressPattern } from "../inventory/pci-address.ts"
import { gpuUuid } from "../text/uuid.ts"

/** `index`: `0`, `0:1`; `type-index`: `gpu0`, `mig0:1`; `pci`: `0000:07:00.0`, whole GPUs only. */
export const nameStrategies = ["index", "type-index", "uuid", "pci"] as const
export type NameStrategy = (typeof nameStrategies)[number]

const namePatterns: { readonly [S in NameStrategy]: RegExp } = {
  index: /^\d+(?::\d+)?$/,
  "type-index": /^(?:gpu\d+|mig\d+:\d+)$/,
  // What only begins like one is a name that somebody gave: `GPU-left`.
  uuid: gpuUuid,
  pci: pciAddressPattern,
}

export const isNameBy = (strategy: NameStrategy, name: string): boolean => namePatterns[strategy].test(name)

/** Is it what generators call a device of a machine, be it there or not? */
export const isMachineName = (name: string): boolean =>
  name === "all" || nameStrategies.some((strategy) => isNameBy(strategy, canonicalName(name)))

/** Of a GPU or a MIG device. */
export const isUuid = (name: string): boolean => gpuUuid.test(name)

/** The same for names that mean the same device: a UUID in any case, a place on the bus in the long form or without its domain. */
export function canonicalName(name: string): string {
  if (gpuUuid.test(name)) return name.toLowerCase().replace(/^(?:gpu|mig)(?=-)/, (kind) => kind.toUpperCase())
  return normalisePciAddress(name) ?? name
}
