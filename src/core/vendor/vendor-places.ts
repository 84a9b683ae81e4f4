/**
 * Where it would show that a vendor's GPUs are others than they were: a module comes, a GPU is bound or let go, a node comes, goes or gets another owner,
 * a GPU is cut in another way. In sysfs a link that comes leaves no trace in its directory, so that each GPU's is a place by itself; the compute
 * driver makes its list anew, whatever changes in it. Source: the kernel's kernfs, devtmpfs and amdkfd (kfd_topology.c).
 */

import type { HostFiles } from "../host/host.ts"
import { namesIn } from "../inventory/names-in.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import type { ObservedVendor } from "./generate-vendor-spec.ts"
import { type VendorName, vendorModules } from "./vendor-names.ts"

const [busDirectory, drmDirectory] = ["/sys/bus/pci/devices", "/dev/dri"]
const topologyDirectory = "/sys/class/kfd/kfd/topology/nodes"
/** As many as are looked at. */
const placeLimit = 1024

/** Whatever GPUs there are: a GPU that comes gets its nodes there. */
export const standingPlaces = (vendor: VendorName): readonly HostPath[] =>
  [
    ...vendorModules[vendor].map((module) => `/sys/module/${module}`),
    busDirectory,
    drmDirectory,
    `${drmDirectory}/by-path`,
    ...(vendor === "amd" ? ["/dev/kfd", topologyDirectory] : []),
  ].map(hostPath)

/** Also places that do not exist. Order: none that matters, but always the same. */
export const vendorPlaces = (
  vendor: VendorName,
  host: HostFiles,
  { gpus, findings }: Pick<ObservedVendor, "gpus" | "findings">,
): readonly HostPath[] => [
  ...standingPlaces(vendor),
  ...gpus
    .flatMap(({ pciAddress }) => ["driver", "drm"].map((name) => `${busDirectory}/${pciAddress}/${name}`))
    .map(hostPath),
  ...entriesOf(host, drmDirectory),
  ...(vendor === "amd" ? entriesOf(host, topologyDirectory) : []),
  ...findings.flatMap(({ fault: { tag, data } }) => (tag === "HostReadFailed" ? [data.path] : [])),
]

const entriesOf = (host: HostFiles, directory: string): readonly HostPath[] =>
  namesIn(host, directory)
    .slice(0, placeLimit)
    .map((name) => hostPath(`${directory}/${name}`))
