/** What a plan may know of the machine and of the container's root: plain data, observed once. */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import { observeDriver } from "../driver/observe-driver.ts"
import { observePlatformContents } from "../driver/observe-platform-files.ts"
import type { PlatformContents } from "../driver/platform-contents.ts"
import type { Finding } from "../fault/finding.ts"
import { isUnread } from "../fault/may-pass.ts"
import { findDevRoot, nodePlace, withDevRoot } from "../host/dev-root.ts"
import type { Host } from "../host/host.ts"
import { noteUnreadable } from "../host/note-unreadable.ts"
import { viewRoot } from "../host/root-view.ts"
import type { Inventory, Platform } from "../inventory/inventory.ts"
import { gpuPlaces } from "../inventory/observe-gpus.ts"
import { beginInventory, gdsFiles, moduleNames } from "../inventory/observe-inventory.ts"
import { migPlaces } from "../inventory/observe-mig.ts"
import { nodePlaces } from "../inventory/observe-nodes.ts"
import { socketPlaces } from "../inventory/observe-sockets.ts"
import { defaultListDirectory, findPlatformLists } from "../inventory/platform-list.ts"
import { presentNodes } from "../inventory/present-nodes.ts"
import { observeTegraRelease } from "../inventory/tegra.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { decodeUtf8 } from "../text/utf8.ts"

export interface HostSnapshot {
  readonly name: string
  readonly inventory: Inventory
  /** undefined: no driver is loaded. */
  readonly driver: DriverCatalogue | undefined
  /** Text files of /proc/driver/nvidia that a container gets a copy of. Order: by name. */
  readonly procFiles: readonly { readonly name: string; readonly text: string }[]
  /** What the lists of a Tegra board give; undefined: there are none. */
  readonly platform: PlatformContents | undefined
}

export interface SnapshotOptions {
  readonly driverRoot: string
  /** Below which device nodes lie; found when nobody said. */
  readonly devRoot?: string
  readonly ldcache: string
  /** Directories inside the driver root that are searched for libraries before all others; may be patterns. */
  readonly searchPaths?: readonly string[]
  /** Nothing else is searched for them. */
  readonly areExclusive?: boolean
  /** Below which configuration files are looked for, on the machine; absent: where drivers put them in the driver root. */
  readonly dataDirectories?: readonly string[]
  /** Of the driver's files, for a machine whose kernel module is not loaded and that is looked at all the same. */
  readonly fallbackVersion?: string
  /** Where a Tegra board's lists lie; the usual place when nobody said. */
  readonly platformLists?: string
  /**
   * NVML is asked whether GPUs that can be cut into MIG devices are there to be: no file tells of one that has no part yet. Nor does a stamp tell
   * when that changes, so it is of no use to who remembers what was seen.
   */
  readonly asksMigMode?: boolean
}

export function observeSnapshot(host: Host, options: SnapshotOptions): HostSnapshot {
  const driverRoot = hostPath(options.driverRoot)
  const devRoot = options.devRoot === undefined ? findDevRoot(host, driverRoot) : hostPath(options.devRoot)
  const begun = beginInventory(host, {
    driverRoot,
    devRoot,
    ldcache: options.ldcache,
    searchPaths: options.searchPaths ?? [],
    platformLists: options.platformLists ?? defaultListDirectory,
    asksMigMode: options.asksMigMode ?? false,
  })
  const version = begun.kernelModuleVersion?.value ?? options.fallbackVersion ?? platformVersion(host, begun)
  const unreadable: Finding[] = []
  const noting = noteUnreadable(host, unreadable)
  const procFiles = ["params", "registry", "version"].flatMap((name) => {
    const content = noting.readFile(hostPath(`/proc/driver/nvidia/${name}`))
    return content.ok ? [{ name, text: decodeUtf8(content.value) }] : []
  })
  const look = (on: Platform): DriverCatalogue | undefined =>
    version === undefined
      ? undefined
      : observeDriver(host, {
          driverRoot,
          version,
          ldcache: options.ldcache,
          isListed: on !== "native",
          searchPaths: options.searchPaths ?? [],
          areExclusive: options.areExclusive ?? false,
          ...(options.dataDirectories === undefined ? {} : { dataDirectories: options.dataDirectories }),
        })
  const seen = look(begun.platform)
  const inventory = withUnreadable(begun.complete(), unreadable)
  // NVML may have told of a board what no file does.
  const driver = inventory.platform === begun.platform ? seen : look(inventory.platform)
  const platform = observePlatform(host, inventory, options)
  return { name: host.provenance.name, inventory, driver, procFiles, platform }
}

/** Of what a container gets a copy of. Those of places that were read before are told already. */
function withUnreadable(inventory: Inventory, unreadable: readonly Finding[]): Inventory {
  const pathOf = ({ fault: { tag, data } }: Finding) => (tag === "HostReadFailed" ? data.path : undefined)
  const known = inventory.findings.map(pathOf)
  const added = unreadable.filter((one) => isUnread(one.fault) && !known.includes(pathOf(one)))
  if (added.length === 0) return inventory
  const findings = added.map((one): Finding => ({ ...one, severity: "error" }))
  return { ...inventory, findings: [...inventory.findings, ...findings] }
}

const listsAt = (host: Host, { platformLists }: SnapshotOptions): readonly HostPath[] =>
  findPlatformLists(host, platformLists === undefined ? defaultListDirectory : hostPath(platformLists))

function observePlatform(
  machine: Host,
  { devRoot }: Inventory,
  options: SnapshotOptions,
): PlatformContents | undefined {
  const unreadable: Finding[] = []
  const host = noteUnreadable(withDevRoot(machine, devRoot), unreadable)
  const lists = listsAt(host, options)
  if (lists.length === 0) return undefined
  const view = viewRoot(host, hostPath(options.driverRoot))
  const contents = observePlatformContents(host, { view, lists })
  const directory = hostPath(options.platformLists ?? defaultListDirectory)
  return {
    ...contents,
    findings: [...unreadable, ...contents.findings],
    places: [directory, ...lists, ...contents.places],
  }
}

/** A platform that is no kernel module's has a release of its own: `35.4.1` of a Tegra board. */
function platformVersion(host: Host, { platform }: Pick<Inventory, "platform">): string | undefined {
  if (platform === "native") return undefined
  return observeTegraRelease(host) ?? platform
}

/** Where the driver's coming, going and renewal show, whatever the machine has. */
export const driverWitnesses: readonly HostPath[] = [
  ...moduleNames.map((name) => `/sys/module/${name}`),
  "/sys/module/nvidia/version",
  "/proc/driver/nvidia/gpus",
  "/proc/driver/nvidia/params",
  "/proc/driver/nvidia/registry",
  "/proc/driver/nvidia/version",
  "/proc/driver/nvidia-caps/mig-minors",
  "/proc/devices",
  "/dev/nvidiactl",
].map(hostPath)

/** Nodes and files that a snapshot says are there. */
export const presentPlaces = ({ inventory, driver }: HostSnapshot): readonly HostPath[] => [
  ...presentNodes(inventory).map(({ path }) => nodePlace(inventory.devRoot, path)),
  ...(driver === undefined
    ? []
    : [...driver.libraries, ...driver.binaries, ...driver.configurations].map(({ path }) => path)),
]

/** The one place where the kernel is told to look for firmware elsewhere. */
const firmwareParameter = hostPath("/sys/module/firmware_class/parameters/path")

/** Where a change would make another snapshot. Also places that do not exist. Order: none that matters, but always the same. */
export function witnessesOf(host: Host, { inventory, driver, platform }: HostSnapshot): readonly HostPath[] {
  return [
    ...new Set([
      ...driverWitnesses,
      firmwareParameter,
      ...migPlaces(host),
      ...gpuPlaces(inventory.gpus),
      ...nodePlaces(inventory).flatMap((path) => [path, nodePlace(inventory.devRoot, path)]),
      ...socketPlaces(driver?.driverRoot ?? hostPath("/")),
      defaultListDirectory,
      ...findPlatformLists(host),
      ...(platform?.places ?? []),
      ...(inventory.nodes.gds.length === 0 ? [] : gdsFiles),
      ...(driver?.searched ?? []),
      ...(driver?.libraries ?? []).map(({ path }) => path),
      ...[...(driver?.findings ?? []), ...inventory.findings].flatMap(({ fault: { tag, data } }) =>
        tag === "DriverFileUnusable" || tag === "HostReadFailed" ? [data.path] : [],
      ),
    ]),
  ]
}
