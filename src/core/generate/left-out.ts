/** What of a machine gets into no specification, and why: no container can ask for it then. */

import { type Fault, fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Gpu, Inventory } from "../inventory/inventory.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"

/** `cause`: what is wrong with it. */
export const leftOut = (device: SelectedDevice, why: string, cause?: Fault): Finding => ({
  severity: "warning",
  fault: fault(
    "CdiContentLeftOut",
    {
      what:
        device.kind === "gpu"
          ? `GPU ${device.gpu.index} (${device.gpu.pciAddress})`
          : `MIG device ${device.device.gpuIndex}:${device.device.index}`,
      why,
      consequence: "no container can ask for it",
    },
    cause,
  ),
  evidence: [],
})

/** Without unified memory no CUDA program runs, and so its node is needed though it is not there. */
export const sharedNodes = ({ nodes }: Inventory): ReadonlySet<string> =>
  new Set(["/dev/nvidia-uvm", ...nodes.control.map(({ path }) => path)])

/** A GPU of which nobody has made parts yet. */
export const partless = ({ index, pciAddress }: Gpu): Finding => ({
  severity: "warning",
  fault: fault("CdiContentLeftOut", {
    what: `GPU ${index ?? pciAddress}`,
    why: "MIG is enabled on it, and it has no MIG devices yet",
    consequence: "no container can ask for it; make MIG devices, or disable MIG, and generate anew",
  }),
  evidence: [`GPU ${pciAddress}: MIG is enabled`],
})

/** A GPU that was asked for by itself while MIG is enabled on it. */
export const withoutParts = ({ index, pciAddress }: Gpu): Finding => ({
  severity: "warning",
  fault: fault("CdiContentLeftOut", {
    what: `the MIG devices of GPU ${index ?? pciAddress}`,
    why: "it was asked for as a whole, and MIG is enabled on it",
    consequence: "CUDA finds no device in its containers; ask for the MIG devices, or for all",
  }),
  evidence: [`GPU ${pciAddress}: MIG is enabled`],
})
