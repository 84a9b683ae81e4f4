/**
 * Several edits as one, and several specifications of one kind as one file. Source: CDI specification 1.1.0, "OCI Edits"; the order in
 * which the reference collects (facts §6.5).
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { CdiSpec, ContainerEdits } from "./spec.ts"
import { minimumVersion } from "./version.ts"

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

/**
 * One specification with all devices, in the lowest version that can say it. Edits for every container hold for every device of the whole.
 * Faults: CdiSpecsUnmergeable.
 */
export function mergeSpecs(specs: readonly [CdiSpec, ...CdiSpec[]]): Result<CdiSpec> {
  const [{ kind }] = specs
  const other = specs.find((spec) => spec.kind !== kind)
  if (other !== undefined)
    return fail(
      fault("CdiSpecsUnmergeable", {
        problem: `their kinds are ${JSON.stringify(kind)} and ${JSON.stringify(other.kind)}`,
      }),
    )
  const devices = specs.flatMap((spec) => spec.devices)
  const seen = new Set<string>()
  for (const { name } of devices) {
    if (seen.has(name))
      return fail(fault("CdiSpecsUnmergeable", { problem: `both have a device ${JSON.stringify(name)}` }))
    seen.add(name)
  }
  const merged: CdiSpec = {
    cdiVersion: "",
    kind,
    annotations: new Map(specs.flatMap(({ annotations }) => [...annotations])),
    devices,
    containerEdits: mergeEdits(specs.map(({ containerEdits }) => containerEdits)),
  }
  return ok({ ...merged, cdiVersion: minimumVersion(merged).version })
}
