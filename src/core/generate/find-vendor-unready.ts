/**
 * What a machine still lacks before a specification of AMD's or Intel's GPUs is whole; as find-unready.ts has it of NVIDIA's. After boot the kernel
 * finds the GPU, loads its module, and the module starts one GPU after the other: its compute driver's entry, its DRM devices, their nodes.
 *   what the kernel has and /dev has not is vital: it was made a moment ago, or somebody took it away
 *   what the kernel may never come to have (a driver that refuses a GPU, a GPU that does not start) is awaited, and vital only while no other GPU can be used
 */

import type { Finding } from "../fault/finding.ts"
import type { HostFiles } from "../host/host.ts"
import { hostPath } from "../text/brand.ts"
import { isElsewhere, type ObservedVendor } from "../vendor/generate-vendor-spec.ts"
import { type VendorName, vendorModules, vendorTitles } from "../vendor/vendor-names.ts"
import { canDriverCome, driverOfModules } from "./driver-to-come.ts"
import { findUnreadIn, type Unready } from "./find-unready.ts"

type Observed = Pick<ObservedVendor, "gpus" | "findings">

const isUsable = ({ state }: Observed["gpus"][number]): boolean => state === "usable"

/** What could not be read. What is denied stays so, and counts where no GPU can be used: one may be behind it. */
export function findVendorUnread({ gpus, findings }: Observed): readonly Unready[] {
  const denied = findings.flatMap(({ fault: { tag, data } }): readonly Unready[] =>
    tag === "HostReadFailed" && data.reason === "denied"
      ? [{ what: `a readable ${data.path}`, urgency: "vital" }]
      : [],
  )
  return [...(gpus.some(isUsable) ? [] : denied), ...findUnreadIn(findings)]
}

/** As the end of a sentence; undefined: a driver is there, or expected. What could not be read may be there. */
export function whyNoVendorGpu(
  vendor: VendorName,
  host: Pick<HostFiles, "readFile" | "readDir" | "exists">,
  { gpus, findings }: Observed,
): string | undefined {
  const title = vendorTitles[vendor]
  if (findVendorUnread({ gpus, findings }).length > 0) return undefined
  if (gpus.length === 0) return `there is no GPU of ${title}'s`
  const own = gpus.filter((gpu) => !isElsewhere(gpu))
  if (own.length === 0) return `another driver has every GPU of ${title}'s that is there`
  const isHopeless =
    own.every(({ state }) => state === "undriven") &&
    !isLoaded(vendor, host) &&
    !canDriverCome(host, driverOfModules(vendorModules[vendor]))
  return isHopeless
    ? `no driver has a GPU of ${title}'s that is there, and none for this kernel is installed`
    : undefined
}

const isLoaded = (vendor: VendorName, host: Pick<HostFiles, "exists">): boolean =>
  vendorModules[vendor].some((module) => host.exists(hostPath(`/sys/module/${module}`)))

/** A virtual function that no driver has waits for its virtual machine. */
const isVirtual = (host: Pick<HostFiles, "exists">, pciAddress: string): boolean =>
  host.exists(hostPath(`/sys/bus/pci/devices/${pciAddress}/physfn`))

/** Order: as a driver comes up, and by GPU. */
export function findVendorUnready(
  vendor: VendorName,
  host: Pick<HostFiles, "readFile" | "readDir" | "exists">,
  { gpus, findings }: Observed,
): readonly Unready[] {
  const slow: Unready["urgency"] = gpus.some(isUsable) ? "awaited" : "vital"
  const undriven = gpus.filter(
    ({ state, driver, pciAddress }) =>
      state === "undriven" && driver === undefined && !isVirtual(host, pciAddress),
  )
  const modules = vendorModules[vendor]
  const canCome =
    undriven.length > 0 && (isLoaded(vendor, host) || canDriverCome(host, driverOfModules(modules)))
  const drivers: readonly Unready[] = !canCome
    ? []
    : isLoaded(vendor, host)
      ? undriven.map(({ pciAddress }) => ({
          what: `a driver of GPU ${pciAddress} (${modules.join(" or ")})`,
          urgency: slow,
        }))
      : [{ what: `the kernel module ${modules.join(" or ")}`, urgency: slow }]
  const hasComputeDriver = host.exists(hostPath("/sys/class/kfd/kfd"))
  const others = findings.flatMap((finding): readonly Unready[] => {
    const { tag, data } = finding.fault
    if (tag === "RenderNodeAbsent")
      return [{ what: `a render node of GPU ${data.pciAddress}`, urgency: slow }]
    if (tag === "GpuWithoutCompute" && hasComputeDriver)
      return [
        { what: `/dev/dri/renderD${data.renderMinor} among the GPUs that can compute`, urgency: "awaited" },
      ]
    return findNode(finding)
  })
  return [...drivers, ...others, ...findVendorUnread({ gpus, findings })]
}

/** Without its card a GPU computes. */
function findNode({ severity, fault: { tag, data } }: Finding): readonly Unready[] {
  if (tag === "KfdNodeMissing") return [{ what: data.path, urgency: "vital" }]
  if (tag === "DrmNodeMissing")
    return [{ what: data.path, urgency: severity === "error" ? "vital" : "awaited" }]
  return tag === "DrmNodeWrong" ? [{ what: `${data.path} (${data.expected})`, urgency: "vital" }] : []
}
