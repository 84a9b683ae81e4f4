/** Whose GPUs a specification is made of: who was named, else who is there. */

import type { HostFiles } from "../../core/host/host.ts"
import { observeVersion } from "../../core/inventory/observe-version.ts"
import { hostPath } from "../../core/text/brand.ts"
import { type VendorName, vendorNames } from "../../core/vendor/vendor-names.ts"

export type GpuVendor = "nvidia" | VendorName

/** Order: as specifications of several are made. */
export const gpuVendors: readonly GpuVendor[] = ["nvidia", ...vendorNames]

/** Not empty: where nobody is, it is NVIDIA, whose absence is told best. */
export type ChosenVendors = readonly [GpuVendor, ...GpuVendor[]]

/**
 * `all`: those that are there. undefined: NVIDIA where its driver is, because what is printed is kept as one file, and a file has one kind; else
 * those that are there. The bus is walked only where it decides.
 */
export async function chooseVendors(
  host: HostFiles,
  said: GpuVendor | "all" | undefined,
): Promise<ChosenVendors> {
  if (said !== undefined && said !== "all") return [said]
  const isNvidiaThere = hasNvidia(host)
  if (said === undefined && isNvidiaThere) return ["nvidia"]
  const [{ vendorsElsewhere, vendorsOn }, { observeBus }] = await Promise.all([
    import("../../core/vendor/generate-vendor-spec.ts"),
    import("../../core/vendor/observe-bus.ts"),
  ])
  const others = vendorsOn(host)
  // `--vendor all` also tells of NVIDIA's GPUs without a driver; those bound to vfio-pci are a virtual machine's.
  const lackDriver = () => observeBus(host, nvidiaOnBus).some(({ driver }) => driver === undefined)
  if (isNvidiaThere || (said === "all" && lackDriver())) return ["nvidia", ...others]
  // Who has no other GPU is told what these lack.
  const [first, ...more] = others.length > 0 ? others : vendorsElsewhere(host)
  return first === undefined ? ["nvidia"] : [first, ...more]
}

/** Display controllers of NVIDIA's. */
const nvidiaOnBus = { pciVendor: "0x10de", classes: ["0x03"] }

/** A driver, or a platform that has one in a form of its own (WSL, Tegra). */
const hasNvidia = (host: HostFiles): boolean =>
  observeVersion(host) !== undefined ||
  ["/dev/dxg", "/etc/nv_tegra_release"].some((path) => host.exists(hostPath(path)))
