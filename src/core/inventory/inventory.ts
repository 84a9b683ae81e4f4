/**
 * What GPUs and nodes a machine has, as observed through the Host port. Each fact carries its source.
 * A GPU that is broken, excluded or half-present is listed with what is wrong, never dropped. Plain data: it is kept as JSON.
 */

import type { Finding } from "../fault/finding.ts"
import type { HostPath } from "../text/brand.ts"

/** The file that a fact was read from, or who else told it. */
export type FactSource =
  | HostPath
  | "NVML"
  | "table of GPU models"
  | "table of driver branches"
  | "table of board releases"

export interface Sourced<T> {
  readonly value: T
  readonly source: FactSource
}

/** A device node that exists on the machine. Majors are read now, never assumed. */
export interface NodeFact {
  readonly path: HostPath
  readonly major: number
  readonly minor: number
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/**
 * `usable`: the driver drives it. `excluded`: the driver was told not to. `broken`: the driver knows it and says nothing of use.
 * `undriven`: it sits on the bus, and another driver has it or none.
 */
export type GpuState = "usable" | "excluded" | "broken" | "undriven"

export interface DrmNode {
  readonly node: NodeFact
  /** The link in /dev/dri/by-path and its text; undefined: there is none. */
  readonly byPath: { readonly path: HostPath; readonly target: string } | undefined
}

export interface Gpu {
  /** NVML's index: PCI order of usable GPUs, from 0; a board's own that no file tells of is counted too. undefined: not usable. */
  readonly index: number | undefined
  readonly state: GpuState
  /** Lower case with 4-digit domain, as in /proc/driver/nvidia/gpus: `0000:1a:00.0`. */
  readonly pciAddress: string
  /** The number in `/dev/nvidia<minor>`; can differ from the index. undefined when the driver does not tell. */
  readonly minor: Sourced<number> | undefined
  /** `GPU-…`; undefined until the driver initialised the GPU once and NVML does not tell either. */
  readonly uuid: Sourced<string> | undefined
  readonly model: Sourced<string> | undefined
  /** `Ampere`. */
  readonly architecture: Sourced<string> | undefined
  /** `8.0`. */
  readonly computeCapability: Sourced<string> | undefined
  /** As the reference names it: `Tesla`, `GeForce`, … or `Unknown`. */
  readonly brand: Sourced<string> | undefined
  /** undefined: the machine has one node, or does not tell. */
  readonly numaNode: Sourced<number> | undefined
  /** undefined: nothing says. */
  readonly isMigEnabled: Sourced<boolean> | undefined
  /** undefined: the node is missing. */
  readonly node: NodeFact | undefined
  /** Its directory below /proc/driver/nvidia/gpus, when there is one. */
  readonly procDirectory: HostPath | undefined
  /** Order: by path. */
  readonly drm: readonly DrmNode[]
}

export interface MigDevice {
  readonly gpuIndex: number
  /** `G:M` selects it: NVML's slot, from 0; there can be empty ones. Without NVML its place among the GPU's MIG devices. */
  readonly index: number
  readonly gpuInstance: number
  readonly computeInstance: number
  /** `MIG-…`; only NVML knows. */
  readonly uuid: Sourced<string> | undefined
  /** `1g.10gb`; only NVML knows. */
  readonly profile: Sourced<string> | undefined
  /** Capability nodes below /dev/nvidia-caps; undefined: missing. */
  readonly gpuInstanceNode: NodeFact | undefined
  readonly computeInstanceNode: NodeFact | undefined
  /** The two files below /proc/driver/nvidia/capabilities that exist. */
  readonly accessFiles: readonly HostPath[]
}

/** Numbers of capabilities below the major `nvidia-caps`. */
export interface MigRights {
  readonly config: number | undefined
  readonly monitor: number | undefined
  /** Of every instance that a usable GPU can have. Order: as GPUs. */
  readonly gpus: readonly {
    readonly minor: number
    readonly runs: readonly (readonly [first: number, last: number])[]
  }[]
}

export interface ImexChannel {
  readonly channel: number
  readonly node: NodeFact
}

/** Nodes beside the GPUs' own. Each list in the order of its numbers. */
export interface SupportNodes {
  /** nvidiactl, nvidia-uvm, nvidia-uvm-tools, nvidia-modeset that exist, in this order. */
  readonly control: readonly NodeFact[]
  /** /dev/nvidia-caps: rights over MIG and its instances. */
  readonly capabilities: readonly NodeFact[]
  readonly imexChannels: readonly ImexChannel[]
  /** nvidia-nvswitchctl first, then the switches. */
  readonly nvswitch: readonly NodeFact[]
  readonly nvlink: readonly NodeFact[]
  /** GPUDirect Storage: /dev/nvidia-fs*. */
  readonly gds: readonly NodeFact[]
  readonly gdrcopy: readonly NodeFact[]
  /** InfiniBand verbs: /dev/infiniband/uverbs*, rdma_cm. */
  readonly mofed: readonly NodeFact[]
  /** Everything else that is called `/dev/nvidia…`: of virtual GPUs, or of a GPU that does not answer. */
  readonly other: readonly NodeFact[]
  /** Tegra: nodes that the platform's lists name. */
  readonly tegra: readonly NodeFact[]
  /** WSL: /dev/dxg. */
  readonly dxg: NodeFact | undefined
}

export interface Socket {
  readonly name: "persistenced" | "fabricmanager" | "mps"
  readonly path: HostPath
  /** undefined: the machine does not tell. */
  readonly isListening: boolean | undefined
}

/** A Tegra board's own GPU, as NVML tells of it. Files tell of some, of an Orin's none does. */
export interface BoardGpu {
  /** NVML's, in which it has its place among the other GPUs. */
  readonly index: number
  /** `Orin (nvgpu)`. */
  readonly name: string
  /** An Orin's is without `GPU-`. undefined: not told. */
  readonly uuid: string | undefined
}

export type Platform = "native" | "wsl" | "tegra"

export interface Inventory {
  readonly platform: Platform
  /** Paths of nodes are below it: `/`, or a driver container's root. */
  readonly devRoot: HostPath
  /** Version of the loaded kernel module; undefined: no driver. */
  readonly kernelModuleVersion: Sourced<string> | undefined
  readonly cudaVersion: Sourced<string> | undefined
  /** nvidia, nvidia_uvm, … that are loaded. Order: alphabetical. */
  readonly modules: readonly string[]
  /** undefined: NVML does not tell. */
  readonly boardGpu: BoardGpu | undefined
  /** Order: by PCI address. */
  readonly gpus: readonly Gpu[]
  /** Order: by GPU, then by index. */
  readonly migDevices: readonly MigDevice[]
  /** undefined: the driver knows nothing of MIG. */
  readonly migRights: MigRights | undefined
  readonly nodes: SupportNodes
  /** What GPUDirect Storage needs beside its nodes and is there; none without nodes. */
  readonly gdsFiles: readonly HostPath[]
  /** Order: persistenced, fabricmanager, mps. */
  readonly sockets: readonly Socket[]
  /** Character majors of the driver by name, as /proc/devices has them now. */
  readonly majors: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
}
