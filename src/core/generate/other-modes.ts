/** Devices that are no GPU by itself: everything for managing them, IMEX channels, what stands beside GPUs, and a Windows host's door. */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import { ok, type Result } from "../fault/result.ts"
import type { Inventory, NodeFact } from "../inventory/inventory.ts"
import type { Edit, MountEdit } from "../plan/edit.ts"
import { fileMount } from "../plan/file-mount.ts"
import { groupOf, toNodeEdit } from "../plan/plan-nodes.ts"
import { selectChannels } from "../plan/select-channels.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import type { HostPath } from "../text/brand.ts"
import { baseName } from "../text/path.ts"
import { noNodeToGenerate, nothingToGenerate } from "./nothing-to-generate.ts"
import type { NamedPart, PlatformDescription, SpecPart } from "./part.ts"
import { mountedLibrariesHook, partOf, withFolders } from "./plan-parts.ts"

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

/** Channels, each a device of its number; `all` among others is all. Faults: ImexChannelInvalid, ImexChannelMissing. */
export function channelDevices(inventory: Inventory, asked: readonly string[]): Result<readonly NamedPart[]> {
  const isAll = asked.some((one) => /^(?:channel)?all$/.test(one))
  const channels = selectChannels(isAll ? ["all"] : asked, inventory)
  if (!channels.ok) return channels
  return ok(
    channels.value.map((node) => ({
      names: [baseName(node.path).replace("channel", "")],
      aliases: [],
      part: nodesPart(inventory, [node]),
      env: [],
    })),
  )
}

/** WSL: one device, and the files of the Windows driver. Faults: CdiNothingToGenerate. */
export function windowsDevice({ inventory, driver }: HostSnapshot): Result<PlatformDescription> {
  const { dxg } = inventory.nodes
  if (dxg === undefined) return noNodeToGenerate(inventory, "wsl", "/dev/dxg")
  if (driver === undefined || driver.platformFiles.length === 0)
    return nothingToGenerate("wsl", `every file of the platform below ${driver?.driverRoot ?? "/"}`)
  return ok({
    devices: [{ names: ["all"], aliases: [], part: nodesPart(inventory, [dxg]), env: [] }],
    shared: windowsPart(driver),
    findings: driver.findings,
  })
}

/** The Windows driver's store, with nvidia-smi where a container looks for it. */
function windowsPart(driver: DriverCatalogue): SpecPart {
  const mounts = platformMounts(driver)
  const tool = mounts.find(({ containerPath: path }) => baseName(path) === "nvidia-smi")
  const links = tool === undefined ? [] : [{ path: "/usr/bin/nvidia-smi", target: tool.containerPath }]
  return { edits: mounts, hooks: [{ name: "create-symlinks", links }, mountedLibrariesHook(mounts)] }
}

const platformMounts = (driver: DriverCatalogue): readonly MountEdit[] =>
  driver.platformFiles.map((path) => fileMount(path, inRoot(path, driver), reasons))

const inRoot = (path: HostPath, { driverRoot }: DriverCatalogue): string =>
  driverRoot !== "/" && path.startsWith(`${driverRoot}/`) ? path.slice(driverRoot.length) : path

const mountAsIs = (path: HostPath): MountEdit => fileMount(path, path, reasons)
