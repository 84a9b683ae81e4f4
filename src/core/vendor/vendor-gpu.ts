/**
 * What GPUs of every vendor but NVIDIA have in common: a function on the PCI bus, a kernel driver, and DRM nodes. What each has beyond
 * that lies in its own folder. Source: the kernel's documentation of sysfs; what its DRM drivers register.
 */

import type { DrmNode, Sourced } from "../inventory/inventory.ts"

/** `usable`: its driver has it and its render node is there. `broken`: its driver has it, and something is missing. */
export type VendorGpuState = "usable" | "broken" | "undriven"

export interface VendorGpu {
  /** Lower case, as sysfs has it: `0000:1a:00.0`. */
  readonly pciAddress: string
  readonly state: VendorGpuState
  /** The vendor's number for the model, four hexadecimal digits: `74a1`. */
  readonly product: Sourced<string> | undefined
  /** undefined: nobody drives it. */
  readonly driver: string | undefined
  /** undefined: the machine has one node, or does not tell. */
  readonly numaNode: Sourced<number> | undefined
}

/** The DRM device of a GPU, or of a part of it. */
export interface DrmDevice {
  /** The number in `renderD<minor>` that the kernel tells, whether the node is there or not; undefined: it has none. */
  readonly renderMinor: number | undefined
  /** Nodes that are there and carry their own number. Order: by path. */
  readonly nodes: readonly DrmNode[]
}
