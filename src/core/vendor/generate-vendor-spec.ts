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

interface VendorEntry {
  observe(host: HostFiles): { readonly gpus: readonly VendorGpu[]; readonly findings: readonly Finding[] }
  /** Faults: VendorGpuAbsent. */
  generate(host: HostFiles, options: VendorSpecOptions): Result<GeneratedVendorSpec>
}

/** A folder beside this file for each. */
const entries: { readonly [V in VendorName]: VendorEntry } = {
  amd: {
    observe: observeAmd,
    generate: (host, options) => generateAmdSpec(observeAmd(host), options),
  },
  intel: {
    observe: observeIntel,
    generate: (host, options) => generateIntelSpec(observeIntel(host), options),
  },
}

/** Faults: VendorGpuAbsent. */
export const generateVendorSpec = (
  vendor: VendorName,
  host: HostFiles,
  options: VendorSpecOptions,
): Result<GeneratedVendorSpec> => entries[vendor].generate(host, options)

/** What is wrong with a vendor's GPUs: of one that has none that could be used, why. */
export const findVendorTrouble = (vendor: VendorName, host: HostFiles): readonly Finding[] =>
  entries[vendor].observe(host).findings

/** For want of which no file is written: what is made without it stays so when it has come. As NVIDIA's control nodes. */
export const findVitalLack = ({ findings }: GeneratedVendorSpec): Fault | undefined =>
  findings.find(({ fault: { tag } }) => tag === "KfdNodeMissing")?.fault

/**
 * Those with GPUs on the bus, usable or not: one whose GPUs are all broken is no vendor that nobody has. GPUs that another driver has are nobody's here:
 * a virtual machine's (`vfio-pci`), or none that containers compute on.
 */
export const vendorsOn = (host: HostFiles): readonly VendorName[] =>
  vendorNames.filter((vendor) => entries[vendor].observe(host).gpus.some((gpu) => !isElsewhere(gpu)))

/** Those who have GPUs, and every one is another driver's. */
export const vendorsElsewhere = (host: HostFiles): readonly VendorName[] =>
  vendorNames.filter((vendor) => {
    const { gpus } = entries[vendor].observe(host)
    return gpus.length > 0 && gpus.every(isElsewhere)
  })

const isElsewhere = ({ state, driver }: VendorGpu): boolean => state === "undriven" && driver !== undefined
