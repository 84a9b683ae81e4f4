/** Specifications by the vendor's name, for commands: which vendors there are, whose GPUs a machine has, and one entry for all. */

import type { Result } from "../fault/result.ts"
import type { Host } from "../host/host.ts"
import { generateAmdSpec } from "./amd/generate-amd-spec.ts"
import { observeAmd } from "./amd/observe-amd.ts"
import { generateIntelSpec } from "./intel/generate-intel-spec.ts"
import { observeIntel } from "./intel/observe-intel.ts"
import type { GeneratedVendorSpec, VendorSpecOptions } from "./write-spec.ts"

/** Order: as specifications of several are made. */
export const vendorNames = ["amd", "intel"] as const
export type VendorName = (typeof vendorNames)[number]

/** Faults: VendorGpuAbsent. */
export const generateVendorSpec = (
  vendor: VendorName,
  host: Host,
  options: VendorSpecOptions,
): Result<GeneratedVendorSpec> =>
  vendor === "amd"
    ? generateAmdSpec(observeAmd(host), options)
    : generateIntelSpec(observeIntel(host), options)

/** Those with GPUs on the bus, usable or not: one whose GPUs are all broken is no vendor that nobody has. */
export const vendorsOn = (host: Host): readonly VendorName[] =>
  vendorNames.filter((vendor) => (vendor === "amd" ? observeAmd(host) : observeIntel(host)).gpus.length > 0)
