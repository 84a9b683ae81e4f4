/** `nvidia-container-cli list`: one path a line, in the reference's order. Source: facts, nvidia-container-cli §1.4. */

import type { Inventory } from "../inventory/inventory.ts"
import { canBeCut } from "../inventory/mig-rights.ts"
import type { MigMinors } from "../inventory/observe-mig.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import type { CliFiles } from "./cli-files.ts"
import type { CliListRequest } from "./cli-list-request.ts"

const capabilityDirectory = "/proc/driver/nvidia/capabilities"

export function renderCliList(
  inventory: Inventory,
  files: CliFiles,
  minors: MigMinors,
  request: CliListRequest,
): string {
  const isMigWhole = request.hasMigConfig || request.hasMigMonitor
  const right = (name: "config" | "monitor"): readonly string[] =>
    listMigRight(name, inventory, minors, request.devices ?? [])
  const { devices } = request
  const lines = [
    ...(devices === undefined ? [] : [...listControlNodes(inventory), ...listGpuNodes(inventory, devices)]),
    ...(isMigWhole ? [] : (devices ?? []).flatMap((one) => listMigDevice(inventory, minors, one))),
    ...request.imexChannels.map((channel) => `/dev/nvidia-caps-imex-channels/channel${channel}`),
    ...(request.hasMigConfig ? right("config") : []),
    ...(request.hasMigMonitor ? right("monitor") : []),
    ...(request.hasBinaries ? files.binaries : []),
    ...(request.hasLibraries ? files.libraries : []),
    ...(request.hasLibraries && request.hasCompat32 ? files.libraries32 : []),
    ...files.sockets.flatMap(({ name, path }) => (request.sockets.includes(name) ? [path] : [])),
    ...(request.hasFirmware ? files.firmware : []),
  ]
  return lines.map((line) => `${line}\n`).join("")
}

/** nvidiactl is listed whether it is there or not: no GPU works without. */
function listControlNodes({ platform, nodes }: Inventory): readonly string[] {
  if (platform === "wsl") return nodes.dxg === undefined ? [] : [nodes.dxg.path]
  const present = nodes.control.map(({ path }): string => path)
  const first = "/dev/nvidiactl"
  return platform === "native" ? [first, ...present.filter((path) => path !== first)] : present
}

/** By the driver's numbers, whether they are there or not. A MIG device brings its GPU. */
function listGpuNodes({ platform }: Inventory, devices: readonly SelectedDevice[]): readonly string[] {
  if (platform === "wsl") return []
  const gpus = [...new Set(devices.map(({ gpu }) => gpu))]
  return gpus.flatMap(({ minor }) => (minor === undefined ? [] : [`/dev/nvidia${minor.value}`]))
}

function listMigDevice(inventory: Inventory, minors: MigMinors, selected: SelectedDevice): readonly string[] {
  if (selected.kind !== "mig") return []
  const { gpu, device } = selected
  const { gpuInstance, computeInstance, gpuInstanceNode, computeInstanceNode } = device
  const place = `${capabilityDirectory}/gpu${gpu.minor?.value}/mig/gi${gpuInstance}`
  const key = `gpu${gpu.minor?.value}/gi${gpuInstance}`
  return [
    `${place}/access`,
    `${place}/ci${computeInstance}/access`,
    ...(gpuInstanceNode === undefined
      ? listCapability(inventory, minors.get(`${key}/access`))
      : [gpuInstanceNode.path]),
    ...(computeInstanceNode === undefined
      ? listCapability(inventory, minors.get(`${key}/ci${computeInstance}/access`))
      : [computeInstanceNode.path]),
  ]
}

/** By number, whether the node is there or not; none where the driver has no such nodes. */
const listCapability = ({ majors }: Inventory, number: number | undefined): readonly string[] =>
  number === undefined || !Object.hasOwn(majors, "nvidia-caps")
    ? []
    : [`/dev/nvidia-caps/nvidia-cap${number}`]

/** Only where a GPU can be cut into MIG devices; nodes are listed by the driver's numbers, whether they are there or not. */
function listMigRight(
  name: "config" | "monitor",
  inventory: Inventory,
  minors: MigMinors,
  devices: readonly SelectedDevice[],
): readonly string[] {
  const capable = [...new Set(devices.map(({ gpu }) => gpu))].filter(canBeCut)
  if (capable.length === 0) return []
  const node = (number: number | undefined): readonly string[] => listCapability(inventory, number)
  return [
    `${capabilityDirectory}/mig/${name}`,
    ...node(minors.get(name)),
    ...capable.flatMap(({ minor }) => [
      `${capabilityDirectory}/gpu${minor?.value}`,
      "/dev/nvidia-caps",
      ...[...minors].flatMap(([key, number]) => (key.startsWith(`gpu${minor?.value}/`) ? node(number) : [])),
    ]),
  ]
}
