/** Devices that are no GPU by itself: everything for managing them, IMEX channels, what stands beside GPUs, and boards of other platforms. */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Inventory, NodeFact } from "../inventory/inventory.ts"
import type { Edit, MountEdit } from "../plan/edit.ts"
import { groupOf, toNodeEdit } from "../plan/plan-nodes.ts"
import { selectChannels } from "../plan/select-channels.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import { containerPath, type HostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import { nothingToGenerate } from "./nothing-to-generate.ts"
import type { HookCall, NamedPart, SpecPart } from "./part.ts"
import { partOf, withFolders } from "./plan-parts.ts"
import type { SpecRequest } from "./spec-request.ts"

const reasons = ["specification"]

/** Nodes with the groups that may open them. */
function nodesPart({ devRoot }: Inventory, nodes: readonly NodeFact[], more: readonly Edit[] = []): SpecPart {
  const groups = nodes.flatMap((node) => groupOf(node) ?? [])
  return partOf([
    ...nodes.map((node) => toNodeEdit(node, devRoot, reasons)),
    ...more,
    ...groups.map((gid): Edit => ({ kind: "gid", gid, reasons })),
  ])
}

/** Every node of the driver, but for those of services beside it. */
export function managementNodes(inventory: Inventory): SpecPart {
  const { nodes, gpus } = inventory
  const part = nodesPart(inventory, [
    ...nodes.control,
    ...gpus.flatMap(({ node }) => node ?? []),
    ...nodes.capabilities,
    ...nodes.imexChannels.map(({ node }) => node),
    ...nodes.other,
  ])
  return withFolders(part)
}

export type CompanionMode = "gds" | "mofed" | "gdrcopy" | "nvswitch"

export const companionDevice = (inventory: Inventory, mode: CompanionMode): SpecPart =>
  nodesPart(inventory, inventory.nodes[mode], mode === "gds" ? inventory.gdsFiles.map(mountAsIs) : [])

/** Channels, each a device of its number. Faults: ImexChannelInvalid, ImexChannelMissing. */
export function channelDevices(inventory: Inventory, asked: readonly string[]): Result<readonly NamedPart[]> {
  const channels = selectChannels(asked, inventory)
  if (!channels.ok) return channels
  return ok(
    channels.value.map((node) => ({
      names: [baseName(node.path).replace("channel", "")],
      part: nodesPart(inventory, [node]),
      env: [],
    })),
  )
}

export interface PlatformDescription {
  readonly devices: readonly NamedPart[]
  readonly shared: SpecPart
}

/** A Tegra board by its lists, or WSL: one device, and the platform's files. Faults: CdiNothingToGenerate, DeviceUnknown. */
export function platformDevice(
  { inventory, driver: observed, platform }: HostSnapshot,
  mode: "csv" | "wsl",
  request: Pick<SpecRequest, "mode" | "devices" | "names" | "orinCompatDirectory" | "trouble">,
): Result<PlatformDescription> {
  const { devices, names, orinCompatDirectory } = request
  const { tegra, dxg } = inventory.nodes
  const nodes = mode === "csv" ? tegra : dxg === undefined ? [] : [dxg]
  if (nodes.length === 0)
    return nothingToGenerate(
      mode,
      mode === "csv"
        ? "a device that the board's lists (/etc/nvidia-container-runtime/host-files-for-container.d/*.csv) name"
        : "/dev/dxg",
    )
  // Who asks for the lists by name may keep devices and files apart.
  const mayLackFiles = mode === "csv" && request.trouble !== "refused"
  const driver = mayLackFiles ? withRelease(observed, platform?.release?.hostPath) : observed
  const needsFiles = !mayLackFiles || request.mode !== "csv"
  if (driver === undefined || (needsFiles && driver.platformFiles.length === 0))
    return nothingToGenerate(mode, `every file of the platform below ${driver?.driverRoot ?? "/"}`)
  const unknown = devices.find((name) => name !== "all" && name !== "0")
  if (mode === "csv" && unknown !== undefined)
    return fail(fault("DeviceUnknown", { selector: unknown, known: ["0"], meant: undefined }))
  const ofBoard = names.flatMap((name) => (name === "index" ? ["0"] : name === "type-index" ? ["gpu0"] : []))
  return ok({
    devices: [{ names: mode === "csv" ? ofBoard : ["all"], part: nodesPart(inventory, nodes), env: [] }],
    shared: mode === "csv" ? boardPart(driver, inventory, orinCompatDirectory) : windowsPart(driver),
  })
}

/** Lists that name nodes and no file give those, with what the board's programs read. */
const withRelease = (
  driver: DriverCatalogue | undefined,
  release: HostPath | undefined,
): DriverCatalogue | undefined =>
  driver === undefined || driver.platformFiles.length > 0 || release === undefined
    ? driver
    : { ...driver, platformFiles: [release] }

/** Files and links that the board's lists name. */
function boardPart(driver: DriverCatalogue, inventory: Inventory, orinCompatDirectory: string): SpecPart {
  const mounts = platformMounts(driver)
  const isOrin = inventory.boardGpu?.value.includes("Orin") === true
  // A table's version would do for a requirement, not for another libcuda.
  const { cudaVersion: told } = inventory
  const cudaVersion = told?.source === "NVML" ? told.value : undefined
  const compat: HookCall = {
    name: "enable-cuda-compat",
    hostDriverVersion: undefined,
    hostCudaVersion: cudaVersion,
    directory: isOrin ? orinCompatDirectory || "/usr/local/cuda/compat_orin" : "",
  }
  return {
    edits: mounts,
    hooks: [
      { name: "create-symlinks", links: driver.platformLinks },
      ...(cudaVersion === undefined ? [] : [compat]),
      loaderHook(mounts),
    ],
  }
}

/** The Windows driver's store, with nvidia-smi where a container looks for it. */
function windowsPart(driver: DriverCatalogue): SpecPart {
  const mounts = platformMounts(driver)
  const tool = mounts.find(({ containerPath: path }) => baseName(path) === "nvidia-smi")
  const links = tool === undefined ? [] : [{ path: "/usr/bin/nvidia-smi", target: tool.containerPath }]
  return { edits: mounts, hooks: [{ name: "create-symlinks", links }, loaderHook(mounts)] }
}

const platformMounts = (driver: DriverCatalogue): readonly MountEdit[] =>
  driver.platformFiles.map((path) => mountAt(path, inRoot(path, driver)))

/** Order: by name. */
function loaderHook(mounts: readonly MountEdit[]): HookCall {
  const folders = mounts.flatMap(({ containerPath: path }) =>
    /^lib.+\.so(\.|$)/.test(baseName(path)) ? [parentPath(path)] : [],
  )
  return { name: "update-ldcache", folders: [...new Set(folders)].sort() }
}

const inRoot = (path: HostPath, { driverRoot }: DriverCatalogue): string =>
  driverRoot !== "/" && path.startsWith(`${driverRoot}/`) ? path.slice(driverRoot.length) : path

const mountAsIs = (path: HostPath): MountEdit => mountAt(path, path)

const mountAt = (path: HostPath, target: string): MountEdit => ({
  kind: "mount",
  hostPath: path,
  containerPath: containerPath(target),
  isOptional: false,
  options: ["ro", "nosuid", "nodev"],
  reasons,
})
