/** Specifications by the vendor's name, for commands: which vendors there are, whose GPUs a machine has, and one entry for all. */

import type { Fault } from "../fault/fault.ts"
import type { Result } from "../fault/result.ts"
import type { HostFiles } from "../host/host.ts"
import { generateAmdSpec } from "./amd/generate-amd-spec.ts"
import { observeAmd } from "./amd/observe-amd.ts"
import type { GeneratedVendorSpec, VendorSpecOptions } from "./compose-spec.ts"
import { generateIntelSpec } from "./intel/generate-intel-spec.ts"
import { observeIntel } from "./intel/observe-intel.ts"
import { type VendorName, vendorNames } from "./vendor-names.ts"

interface VendorEntry {
  hasGpu(host: HostFiles): boolean
  /** Faults: VendorGpuAbsent. */
  generate(host: HostFiles, options: VendorSpecOptions): Result<GeneratedVendorSpec>
}

/** A folder beside this file for each. */
const entries: { readonly [V in VendorName]: VendorEntry } = {
  amd: {
    hasGpu: (host) => observeAmd(host).gpus.length > 0,
    generate: (host, options) => generateAmdSpec(observeAmd(host), options),
  },
  intel: {
    hasGpu: (host) => observeIntel(host).gpus.length > 0,
    generate: (host, options) => generateIntelSpec(observeIntel(host), options),
  },
}

/** Faults: VendorGpuAbsent. */
export const generateVendorSpec = (
  vendor: VendorName,
  host: HostFiles,
  options: VendorSpecOptions,
): Result<GeneratedVendorSpec> => entries[vendor].generate(host, options)

/** For want of which no file is written: what is made without it stays so when it has come. As NVIDIA's control nodes. */
export const findVitalLack = ({ findings }: GeneratedVendorSpec): Fault | undefined =>
  findings.find(({ fault: { tag } }) => tag === "KfdNodeMissing")?.fault

/** Those with GPUs on the bus, usable or not: one whose GPUs are all broken is no vendor that nobody has. */
export const vendorsOn = (host: HostFiles): readonly VendorName[] =>
  vendorNames.filter((vendor) => entries[vendor].hasGpu(host))
