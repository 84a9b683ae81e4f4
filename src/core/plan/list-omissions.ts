/** What a container does not get of what the machine has, or of what it asked for and the machine has not. */

import type { DriverLibrary } from "../driver/catalogue.ts"
import { everyCapability } from "./grant-capabilities.ts"
import type { Omission } from "./plan.ts"
import type { PlanContext } from "./plan-part.ts"

/** Order: GPUs by address, MIG devices, capabilities, libraries. */
export function listOmissions(
  { inventory, devices, granted, because }: PlanContext,
  libraries: readonly DriverLibrary[],
): readonly Omission[] {
  const gpus = new Set(devices.map(({ gpu }) => gpu))
  const cut = new Set(devices.flatMap((one) => (one.kind === "mig" ? [one.device] : [])))
  const of =
    (reasons: readonly string[]) =>
    (what: string): Omission => ({ what, reasons })
  return [
    ...inventory.gpus
      .filter((gpu) => !gpus.has(gpu))
      .map(({ index, pciAddress, state }) =>
        index === undefined ? `GPU at ${pciAddress}, ${state}` : `GPU ${index} (${pciAddress})`,
      )
      .map(of(because.devices)),
    ...inventory.migDevices
      .filter((device) => !cut.has(device))
      .map(
        ({ gpuIndex, index, profile }) =>
          `MIG device ${gpuIndex}:${index}${profile === undefined ? "" : ` (${profile.value})`}`,
      )
      .map(of(because.devices)),
    ...everyCapability
      .filter((one) => !granted.implied.has(one))
      .map((one) => `driver capability ${one}`)
      .map(of(because.capabilities)),
    ...(granted.asked.has("compat32") && !libraries.some(({ bits }) => bits === 32)
      ? ["32-bit libraries: this driver has none"]
      : []
    ).map(of(because.capabilities)),
  ]
}
