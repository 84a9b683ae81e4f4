/** What a snapshot says that a container may be given, in the form in which hosts/NAME/reference.json has the reference's answer. */

import { listDriverFiles } from "../../src/core/explain/render-driver-files.ts"
import type { Gpu, MigDevice, NodeFact } from "../../src/core/inventory/inventory.ts"
import type { HostSnapshot } from "../../src/core/plan/snapshot.ts"

export type Link = readonly [path: string, target: string]

export interface Given {
  readonly nodes: readonly string[]
  readonly links: readonly Link[]
}

export interface Catalogued extends Given {
  readonly mounts: readonly (readonly [hostPath: string, containerPath: string])[]
  /** By index, `G:M` for MIG devices. */
  readonly devices: Readonly<Record<string, Given>>
}

/** What is given beside GPUs, by the reference's name of the mode. */
export type Modes = Readonly<
  Record<string, { readonly nodes: readonly string[]; readonly mounts?: readonly Link[] }>
>

export function catalogueModes({ inventory }: HostSnapshot): Modes {
  const { nodes, gpus, gdsFiles } = inventory
  const management = [
    ...nodes.control,
    ...gpus.map(({ node }) => node),
    ...nodes.capabilities,
    ...nodes.imexChannels.map(({ node }) => node),
  ]
  return {
    management: { nodes: sorted(pathsOf(management)) },
    gds: {
      nodes: sorted(pathsOf(nodes.gds)),
      mounts: sorted(gdsFiles.map((path): Link => [path, path])),
    },
    mofed: { nodes: sorted(pathsOf(nodes.mofed)), mounts: [] },
    gdrcopy: { nodes: sorted(pathsOf(nodes.gdrcopy)), mounts: [] },
  }
}

const sorted = <T>(list: readonly T[]): readonly T[] =>
  [...new Map(list.map((one) => [String(one), one])).values()].sort((one, other) =>
    String(one) < String(other) ? -1 : 1,
  )

/** Lists in one order, so that sets are compared. */
export const sortGiven = ({ mounts, links, nodes, devices }: Catalogued): Catalogued => ({
  mounts: sorted(mounts),
  links: sorted(links),
  nodes: sorted(nodes),
  devices: Object.fromEntries(
    Object.entries(devices).map(([name, given]) => [
      name,
      { nodes: sorted(given.nodes), links: sorted(given.links) },
    ]),
  ),
})

const pathsOf = (nodes: readonly (NodeFact | undefined)[]): readonly string[] =>
  nodes.flatMap((node) => (node === undefined ? [] : [node.path]))

export function catalogue({ inventory, driver }: HostSnapshot): Catalogued {
  const inRoot = (path: string): string =>
    driver !== undefined && driver.driverRoot !== "/" && path.startsWith(`${driver.driverRoot}/`)
      ? path.slice(driver.driverRoot.length)
      : path
  const rows = driver === undefined ? [] : listDriverFiles(driver).filter(({ bits }) => bits !== 32)
  const mounts = [
    ...rows.map(({ path, containerPath }) => [path, containerPath] as const),
    ...inventory.sockets.map(({ path }) => [path, inRoot(path)] as const),
  ]
  const links = [
    ...rows.flatMap((row) => row.links),
    ...(driver?.links ?? []),
    ...(driver?.platformLinks ?? []),
  ].map(({ path, target }) => [path, target] as const)
  const devices: Record<string, Given> = {}
  const cut = new Set(inventory.migDevices.map(({ gpuIndex }) => gpuIndex))
  for (const gpu of inventory.gpus)
    if (gpu.index !== undefined && !cut.has(gpu.index)) devices[gpu.index] = deviceOf(gpu)
  for (const device of inventory.migDevices)
    devices[`${device.gpuIndex}:${device.index}`] = migOf(inventory.gpus, device)
  // A Tegra board is one device: everything that its lists name.
  if (inventory.platform === "tegra") devices["0"] = { nodes: pathsOf(inventory.nodes.tegra), links: [] }
  return {
    mounts: sorted(mounts),
    links: sorted(links),
    nodes: sorted(pathsOf(inventory.nodes.control)),
    devices,
  }
}

const deviceOf = ({ node, drm }: Gpu): Given => ({
  nodes: sorted([...pathsOf([node]), ...drm.map((one) => one.node.path)]),
  links: sorted(
    drm.flatMap(({ byPath }) => (byPath === undefined ? [] : [[byPath.path, byPath.target] as const])),
  ),
})

/** Only a profile with graphics has the GPU's DRM nodes. */
function migOf(gpus: readonly Gpu[], device: MigDevice): Given {
  const gpu = gpus.find(({ index }) => index === device.gpuIndex)
  const graphics =
    gpu !== undefined && device.profile?.value.includes("gfx") === true ? deviceOf(gpu) : undefined
  return {
    nodes: sorted([
      ...pathsOf([gpu?.node, device.gpuInstanceNode, device.computeInstanceNode]),
      ...(graphics?.nodes.filter((path) => path.startsWith("/dev/dri/")) ?? []),
    ]),
    links: graphics?.links ?? [],
  }
}
