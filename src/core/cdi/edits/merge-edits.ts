/** Several edits as one. Source: CDI specification 1.1.0, "OCI Edits"; the order in which the reference collects (facts §6.5). */

import type { ContainerEdits } from "../spec.ts"

/** Lists one after the other, the last intelRdt. Nothing is left out: what stands twice is applied twice. */
export const mergeEdits = (ones: readonly ContainerEdits[]): ContainerEdits => ({
  env: ones.flatMap(({ env }) => env),
  deviceNodes: ones.flatMap(({ deviceNodes }) => deviceNodes),
  netDevices: ones.flatMap(({ netDevices }) => netDevices),
  hooks: ones.flatMap(({ hooks }) => hooks),
  mounts: ones.flatMap(({ mounts }) => mounts),
  intelRdt: ones.findLast(({ intelRdt }) => intelRdt !== undefined)?.intelRdt,
  additionalGids: ones.flatMap(({ additionalGids }) => additionalGids),
})
