/** Intel's GPUs of a machine, integrated and discrete, as observed through the Host port. */

import type { Finding } from "../../fault/finding.ts"
import type { DrmDevice, VendorGpu } from "../vendor-gpu.ts"

export interface IntelGpu extends VendorGpu, DrmDevice {
  /** Its place on the bus among those with a render node in the kernel, from 0; undefined: it cannot be used, and nobody else has its number. */
  readonly index: number | undefined
  /** The GPU that it is a virtual function of; undefined: it is a physical one. */
  readonly physicalFunction: string | undefined
}

export interface IntelInventory {
  /** Order: by PCI address. */
  readonly gpus: readonly IntelGpu[]
  readonly findings: readonly Finding[]
}
