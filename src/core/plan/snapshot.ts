/** What a plan may know of the machine and of the container's root: plain data, observed once. */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import { type DriverPlace, observeDriver } from "../driver/observe-driver.ts"
import type { Host } from "../host/host.ts"
import type { Inventory } from "../inventory/inventory.ts"
import { observeInventory } from "../inventory/observe-inventory.ts"
import { hostPath } from "../text/brand.ts"
import { decodeUtf8 } from "../text/utf8.ts"

export interface HostSnapshot {
  readonly name: string
  readonly inventory: Inventory
  /** undefined: no driver is loaded. */
  readonly driver: DriverCatalogue | undefined
  /** Text files of /proc/driver/nvidia that a container gets a copy of. Order: by name. */
  readonly procFiles: readonly { readonly name: string; readonly text: string }[]
}

/** Where the container keeps libraries: the distribution's custom, seen in its root. */
export interface ContainerLayout {
  readonly isDebian: boolean
}

export interface SnapshotOptions {
  readonly driverRoot: string
  readonly ldcache: string
}

/** How the driver's files are found: by looking, or by remembering what was found when nothing has changed since. */
export type FindDriver = (host: Host, place: DriverPlace) => DriverCatalogue

export function observeSnapshot(
  host: Host,
  options: SnapshotOptions,
  findDriver: FindDriver = observeDriver,
): HostSnapshot {
  const inventory = observeInventory(host)
  const version = inventory.kernelModuleVersion?.value
  const driverRoot = hostPath(options.driverRoot)
  const procFiles = ["params", "registry", "version"].flatMap((name) => {
    const content = host.readFile(hostPath(`/proc/driver/nvidia/${name}`))
    return content.ok ? [{ name, text: decodeUtf8(content.value) }] : []
  })
  const driver =
    version === undefined ? undefined : findDriver(host, { driverRoot, version, ldcache: options.ldcache })
  return { name: host.provenance.name, inventory, driver, procFiles }
}
