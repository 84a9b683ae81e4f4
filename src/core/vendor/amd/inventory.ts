/** AMD's GPUs of a machine, as observed through the Host port. A GPU that is broken or half there is listed with what is wrong. */

import type { Finding } from "../../fault/finding.ts"
import type { NodeFact, Sourced } from "../../inventory/inventory.ts"
import type { DrmDevice, VendorGpu } from "../vendor-gpu.ts"

/**
 * What programs see as one GPU: a GPU that is not cut, or one of the parts (XCP) that it is cut into. Each has its own render node.
 */
export interface AmdPartition extends DrmDevice {
  /**
   * As amd-ctk and AMD's runtime count: all partitions that the kernel has, in the order of the bus, from 0; those that cannot compute come
   * after them. undefined: it cannot be used, and nobody else has its number.
   */
  readonly index: number | undefined
  /** Its place among the GPU's partitions, from 0. */
  readonly place: number
  /** The node of the compute driver's topology; undefined: that driver does not know it, and only graphics work. */
  readonly topologyNode: number | undefined
  /** The compute driver's name for its architecture: `9.4.2`. */
  readonly architecture: Sourced<string> | undefined
  /** `0x` and hexadecimal digits in lower case; undefined: nothing tells. */
  readonly uniqueId: Sourced<string> | undefined
}

export interface AmdGpu extends VendorGpu {
  /** `0x` and hexadecimal digits in lower case; undefined: the model has none. */
  readonly uniqueId: Sourced<string> | undefined
  /** How its processors are divided: `SPX` (not at all), `DPX`, `TPX`, `QPX`, `CPX`; undefined: it cannot be. */
  readonly computePartition: Sourced<string> | undefined
  /** How its memory is divided: `NPS1`, … */
  readonly memoryPartition: Sourced<string> | undefined
  /** Order: by render minor. Not empty unless the GPU is undriven. */
  readonly partitions: readonly AmdPartition[]
}

export interface AmdInventory {
  /** The compute driver's node, which all GPUs share; undefined: there is none. */
  readonly kfd: NodeFact | undefined
  /** Order: by PCI address. */
  readonly gpus: readonly AmdGpu[]
  readonly findings: readonly Finding[]
}
