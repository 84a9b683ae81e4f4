/** GPUs of one vendor on the PCI bus, driven or not. Source: the PCI ID database for classes; the kernel's documentation of sysfs. */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { HostFiles } from "../host/host.ts"
import type { Sourced } from "../inventory/inventory.ts"
import { namesIn } from "../inventory/names-in.ts"
import { comparePciAddresses } from "../inventory/observe-gpus.ts"
import { pciAddressPattern } from "../inventory/pci-address.ts"
import { readMatch, readText } from "../inventory/proc-text.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName } from "../text/path.ts"

export interface BusFunction {
  readonly pciAddress: string
  readonly directory: HostPath
  readonly product: Sourced<string> | undefined
  readonly driver: string | undefined
  readonly numaNode: Sourced<number> | undefined
}

export interface Vendor {
  readonly name: string
  /** As sysfs has it: `0x1002`. */
  readonly pciVendor: string
  /** Beginnings of the classes that its GPUs have: display controllers, and with some vendors accelerators. */
  readonly classes: readonly string[]
  /** Kernel drivers that make nodes which containers can use. Order: the preferred first. */
  readonly drivers: readonly string[]
}

const busDirectory = "/sys/bus/pci/devices"
/** More functions than any machine's buses have; a tree that claims more is not walked to its end. */
const busLimit = 8192
/** More GPUs than any machine has, virtual functions counted. */
const gpuLimit = 1024

/** Order: by PCI address. */
export function observeBus(
  host: HostFiles,
  { pciVendor, classes }: Pick<Vendor, "pciVendor" | "classes">,
): readonly BusFunction[] {
  return namesIn(host, busDirectory)
    .slice(0, busLimit)
    .filter((name) => pciAddressPattern.test(name) && textOf(host, name, "vendor") === pciVendor)
    .filter((name) => classes.some((one) => textOf(host, name, "class")?.startsWith(one) === true))
    .slice(0, gpuLimit)
    .sort(comparePciAddresses)
    .map((pciAddress) => {
      const directory = hostPath(`${busDirectory}/${pciAddress}`)
      const link = host.readLink(hostPath(`${directory}/driver`))
      const numaNode = readMatch(host, hostPath(`${directory}/numa_node`), /^\s*(\d{1,7})\s*$/)
      return {
        pciAddress,
        directory,
        product: readMatch(host, hostPath(`${directory}/device`), /^0x([0-9a-f]{4})\s*$/),
        driver: link.ok ? baseName(link.value) : undefined,
        numaNode: numaNode === undefined ? undefined : { ...numaNode, value: Number(numaNode.value) },
      }
    })
}

const textOf = (host: HostFiles, name: string, file: string): string | undefined =>
  readText(host, `${busDirectory}/${name}/${file}`)?.trim()

/** Whether the vendor's own driver has it; if not, it is noted who does. */
export function isDriven(
  { pciAddress, directory, driver }: BusFunction,
  vendor: Vendor,
  findings: Finding[],
): boolean {
  if (driver !== undefined && vendor.drivers.includes(driver)) return true
  findings.push({
    severity: "note",
    fault: fault("VendorGpuUndriven", { pciAddress, vendor: vendor.name, drivers: vendor.drivers, driver }),
    evidence: [`${directory}/driver: ${driver ?? "absent"}`],
  })
  return false
}
