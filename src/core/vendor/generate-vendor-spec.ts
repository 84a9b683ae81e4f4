/** Specifications by the vendor's name, for commands: which vendors there are, whose GPUs a machine has, and one entry for all. */

import type { Result } from "../fault/result.ts"
import type { HostFiles } from "../host/host.ts"
import { generateAmdSpec } from "./amd/generate-amd-spec.ts"
import { observeAmd } from "./amd/observe-amd.ts"
import { generateIntelSpec } from "./intel/generate-intel-spec.ts"
import { observeIntel } from "./intel/observe-intel.ts"
import { type VendorName, vendorNames } from "./vendor-names.ts"
import type { GeneratedVendorSpec, VendorSpecOptions } from "./write-spec.ts"

/** Faults: VendorGpuAbsent. */
export const generateVendorSpec = (
  vendor: VendorName,
  host: HostFiles,
  options: VendorSpecOptions,
): Result<GeneratedVendorSpec> =>
  vendor === "amd"
    ? generateAmdSpec(observeAmd(host), options)
    : generateIntelSpec(observeIntel(host), options)

/** Those with GPUs on the bus, usable or not: one whose GPUs are all broken is no vendor that nobody has. */
export const vendorsOn = (host: HostFiles): readonly VendorName[] =>
  vendorNames.filter((vendor) => (vendor === "amd" ? observeAmd(host) : observeIntel(host)).gpus.length > 0)
