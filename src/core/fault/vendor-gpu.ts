/** Faults of GPUs of other vendors than NVIDIA, and of their nodes: codes GAN2170 to GAN2179. */

import type { HostPath } from "../text/brand.ts"
import type { Catalogue } from "./entry.ts"

export interface VendorGpuFaults {
  /** On the bus, and not with the vendor's driver. `driver`: who has it, undefined: nobody. */
  VendorGpuUndriven: {
    readonly pciAddress: string
    readonly vendor: string
    readonly drivers: readonly string[]
    readonly driver: string | undefined
  }
  /** The kernel has the node, and /dev has not. */
  DrmNodeMissing: { readonly path: HostPath; readonly pciAddress: string }
  /** A node has the name of one device and the number of another. */
  DrmNodeWrong: {
    readonly path: HostPath
    readonly has: string
    readonly expected: string
    readonly pciAddress: string
  }
  /** Several devices claim a node in sysfs. */
  DrmNodeContested: { readonly path: HostPath; readonly directories: readonly HostPath[] }
  /** The vendor's driver has the GPU and made no render node for it. */
  RenderNodeAbsent: { readonly pciAddress: string; readonly vendor: string }
  /** AMD's compute driver lists GPUs, and its node is not there. */
  KfdNodeMissing: { readonly path: HostPath; readonly pciAddresses: readonly string[] }
  /** AMD's compute driver does not list a render node. */
  GpuWithoutCompute: { readonly pciAddress: string; readonly renderMinor: number }
  /** An entry of AMD's compute driver that tells nothing of use. */
  KfdNodeInvalid: { readonly path: HostPath; readonly problem: string }
  UniqueIdShared: { readonly uniqueId: string; readonly pciAddresses: readonly string[] }
  /** No device that a specification could have. `broken`: GPUs that are there and cannot be used. */
  VendorGpuAbsent: { readonly vendor: string; readonly broken: readonly string[] }
}

const retrigger = (path: string) =>
  [
    {
      kind: "run",
      argv: ["udevadm", "trigger", "--subsystem-match=drm"],
      asRoot: true,
      why: `makes ${path} anew`,
    },
  ] as const

export const vendorGpuCatalogue: Catalogue<VendorGpuFaults> = {
  VendorGpuUndriven: {
    code: "GAN2170",
    exit: 1,
    says: (d) =>
      `${d.vendor} GPU ${d.pciAddress} is not driven by ${d.drivers.join(" or ")}: ${d.driver === undefined ? "no driver has it" : `${d.driver} has it`}`,
    remedies: (d) => [
      {
        kind: "know",
        text:
          d.driver?.includes("vfio") === true
            ? "it is kept for a virtual machine; bind it to its own driver to use it here"
            : `load ${d.drivers.join(" or ")}, and see in the kernel log why it did not take the device`,
      },
    ],
  },
  DrmNodeMissing: {
    code: "GAN2171",
    exit: 1,
    says: (d) => `${d.path} of GPU ${d.pciAddress} is not there, and the kernel has it`,
    remedies: (d) => retrigger(d.path),
  },
  DrmNodeWrong: {
    code: "GAN2172",
    exit: 1,
    says: (d) =>
      `${d.path} of GPU ${d.pciAddress} is ${d.has}, and the device of that name is ${d.expected}: it is given to nobody`,
    remedies: (d) => [
      { kind: "run", argv: ["rm", d.path], asRoot: true, why: "it leads to another device" },
      ...retrigger(d.path),
    ],
  },
  DrmNodeContested: {
    code: "GAN2173",
    exit: 1,
    says: (d) => `${d.path} is claimed by ${d.directories.join(" and ")}: it is given to nobody`,
    remedies: () => [{ kind: "know", text: "no kernel says so; see what is mounted over /sys" }],
  },
  RenderNodeAbsent: {
    code: "GAN2174",
    exit: 1,
    says: (d) => `${d.vendor} GPU ${d.pciAddress} has no render node: its driver did not start it whole`,
    remedies: () => [
      { kind: "know", text: "see the kernel log; missing firmware is the most frequent cause" },
    ],
  },
  KfdNodeMissing: {
    code: "GAN2175",
    exit: 1,
    says: (d) =>
      `${d.path} is not there: nothing can be computed on ${d.pciAddresses.length} AMD GPU${d.pciAddresses.length === 1 ? "" : "s"} in containers`,
    remedies: () => [
      {
        kind: "run",
        argv: ["udevadm", "trigger", "--subsystem-match=kfd"],
        asRoot: true,
        why: "makes the node anew",
      },
    ],
  },
  GpuWithoutCompute: {
    code: "GAN2176",
    exit: 1,
    says: (d) =>
      `AMD GPU ${d.pciAddress} cannot compute: the compute driver does not list /dev/dri/renderD${d.renderMinor}`,
    remedies: () => [
      {
        kind: "know",
        text: "graphics work; for ROCm the kernel needs amdkfd, and the model to be one of its",
      },
    ],
  },
  KfdNodeInvalid: {
    code: "GAN2177",
    exit: 1,
    says: (d) => `${d.path} tells of no device: ${d.problem}`,
    remedies: () => [{ kind: "know", text: "a GPU that misses among the others is the one; reload amdgpu" }],
  },
  UniqueIdShared: {
    code: "GAN2178",
    exit: 1,
    says: (d) => `the unique id ${d.uniqueId} is that of ${d.pciAddresses.join(" and ")}, and names none`,
    remedies: () => [{ kind: "know", text: "ask for the GPU by its index or PCI address" }],
  },
  VendorGpuAbsent: {
    code: "GAN2179",
    exit: 1,
    says: (d) =>
      `failed to generate CDI spec: this machine has no ${d.vendor} GPU that containers could use${d.broken.length === 0 ? "" : `; ${d.broken.join(", ")} cannot be used`}`,
    remedies: (d) => [
      {
        kind: "know",
        text:
          d.broken.length === 0
            ? `lspci shows whether there is a GPU of ${d.vendor}`
            : "gantry info shows what is wrong with each",
      },
    ],
  },
}
