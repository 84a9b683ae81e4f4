/** Specifications by the vendor's name, for commands: which vendors there are, whose GPUs a machine has, and one entry for all. */

import type { Fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Result } from "../fault/result.ts"
import type { HostFiles } from "../host/host.ts"
import { generateAmdSpec } from "./amd/generate-amd-spec.ts"
import { observeAmd } from "./amd/observe-amd.ts"
import type { GeneratedVendorSpec, VendorSpecOptions } from "./compose-spec.ts"
import { generateIntelSpec } from "./intel/generate-intel-spec.ts"
import { observeIntel } from "./intel/observe-intel.ts"
import type { VendorGpu } from "./vendor-gpu.ts"
import { type VendorName, vendorNames } from "./vendor-names.ts"

/** One look at a vendor's GPUs, of which everything is made. */
export interface ObservedVendor {
  /** Order: by PCI address. */
  readonly gpus: readonly VendorGpu[]
  readonly findings: readonly Finding[]
  /** Faults: VendorGpuAbsent. */
  generate(options: VendorSpecOptions): Result<GeneratedVendorSpec>
}

/** A folder beside this file for each. */
const entries: { readonly [V in VendorName]: (host: HostFiles) => ObservedVendor } = {
  amd(host) {
    const inventory = observeAmd(host)
    return { ...inventory, generate: (options) => generateAmdSpec(inventory, options) }
  },
  intel(host) {
    const inventory = observeIntel(host)
    return { ...inventory, generate: (options) => generateIntelSpec(inventory, options) }
  },
}

export const observeVendor = (vendor: VendorName, host: HostFiles): ObservedVendor => entries[vendor](host)

/** Faults: VendorGpuAbsent. */
export const generateVendorSpec = (
  vendor: VendorName,
  host: HostFiles,
  options: VendorSpecOptions,
): Result<GeneratedVendorSpec> => observeVendor(vendor, host).generate(options)

/** What is wrong with a vendor's GPUs: of one that has none that could be used, why. */
export const findVendorTrouble = (vendor: VendorName, host: HostFiles): readonly Finding[] =>
  observeVendor(vendor, host).findings

/** For want of which no file is written: what is made without it stays so when it has come. As NVIDIA's control nodes. */
export const findVitalLack = ({ findings }: GeneratedVendorSpec): Fault | undefined =>
  findings.find(({ fault: { tag } }) => tag === "KfdNodeMissing")?.fault

/**
 * Those with GPUs on the bus, usable or not: one whose GPUs are all broken is no vendor that nobody has. GPUs that another driver has are nobody's here:
 * a virtual machine's (`vfio-pci`), or none that containers compute on.
 */
export const vendorsOn = (host: HostFiles): readonly VendorName[] =>
  vendorNames.filter((vendor) => observeVendor(vendor, host).gpus.some((gpu) => !isElsewhere(gpu)))

/** Those who have GPUs, and every one is another driver's. */
export const vendorsElsewhere = (host: HostFiles): readonly VendorName[] =>
  vendorNames.filter((vendor) => {
    const { gpus } = observeVendor(vendor, host)
    return gpus.length > 0 && gpus.every(isElsewhere)
  })

/** What another vendor's driver has, or a virtual machine. */
export const isElsewhere = ({ state, driver }: Pick<VendorGpu, "state" | "driver">): boolean =>
  state === "undriven" && driver !== undefined
