/**
 * What GPUs and nodes a machine has, as observed through the Host port. Each fact carries its source.
 * A GPU that is broken or half-present is listed with what is wrong, never dropped. Plain data: it is kept as JSON.
 */

import type { Finding } from "../fault/finding.ts"
import type { HostPath } from "../text/brand.ts"

/** A fact and the file it was read from. */
export interface Sourced<T> {
  readonly value: T
  readonly source: HostPath
}

/** A device node that exists on the machine. Majors are read now, never assumed. */
export interface NodeFact {
  readonly path: HostPath
  readonly major: number
  readonly minor: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

export interface Gpu {
  /** NVML's index: PCI order of usable GPUs, from 0. undefined: the driver does not use this GPU. */
  readonly index: number | undefined
  /** Lower case with 4-digit domain, as in /proc/driver/nvidia/gpus: `0000:1a:00.0`. */
  readonly pciAddress: string
  /** The number in `/dev/nvidia<minor>`; can differ from the index. undefined when the driver does not tell. */
  readonly minor: Sourced<number> | undefined
  /** `GPU-…`; undefined until the driver initialised the GPU once. */
  readonly uuid: Sourced<string> | undefined
  readonly model: Sourced<string> | undefined
  /** undefined: the node is missing. */
  readonly node: NodeFact | undefined
}

export interface Inventory {
  /** Version of the loaded kernel module; undefined: no driver. */
  readonly kernelModuleVersion: Sourced<string> | undefined
  /** Order: by PCI address. */
  readonly gpus: readonly Gpu[]
  /** nvidiactl, nvidia-uvm, nvidia-uvm-tools, nvidia-modeset that exist. Order: as in this list. */
  readonly controlNodes: readonly NodeFact[]
  readonly findings: readonly Finding[]
}
