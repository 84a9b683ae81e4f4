/** `nvidia-container-cli list`: one path a line, in the reference's order. Source: facts, nvidia-container-cli §1.4. */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import type { Gpu, Inventory, NodeFact } from "../inventory/inventory.ts"
import type { MigMinors } from "../inventory/observe-mig.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"

export interface CliListRequest {
  /** undefined: no device was named, and no node is listed. */
  readonly devices: readonly SelectedDevice[] | undefined
  readonly imexChannels: readonly number[]
  readonly hasMigConfig: boolean
  readonly hasMigMonitor: boolean
  readonly hasBinaries: boolean
  readonly hasLibraries: boolean
  readonly hasCompat32: boolean
  readonly hasFirmware: boolean
  /** Names of the sockets that are listed. */
  readonly sockets: readonly string[]
}

const capabilityDirectory = "/proc/driver/nvidia/capabilities"

export function renderCliList(
  inventory: Inventory,
  driver: DriverCatalogue,
  minors: MigMinors,
  request: CliListRequest,
): string {
  const { nodes } = inventory
  const isNamed = (file: { readonly reasons: DriverCatalogue["libraries"][number]["reasons"] }): boolean =>
    file.reasons.some(({ kind }) => kind === "table")
  const libraries = driver.libraries.filter(isNamed)
  const isMigWhole = request.hasMigConfig || request.hasMigMonitor
  const right = (name: "config" | "monitor"): readonly string[] =>
    listMigRight(name, inventory, minors, request.devices ?? [])
  const lines = [
    ...(request.devices === undefined ? [] : listNodes(nodes.control, request.devices, { isMigWhole })),
    ...request.imexChannels.map((channel) => `/dev/nvidia-caps-imex-channels/channel${channel}`),
    ...(request.hasMigConfig ? right("config") : []),
    ...(request.hasMigMonitor ? right("monitor") : []),
    ...(request.hasBinaries ? driver.binaries.filter(isNamed).map(({ rootPath }) => rootPath) : []),
    ...(request.hasLibraries
      ? libraries.filter(({ bits }) => bits === 64).map(({ rootPath }) => rootPath)
      : []),
    ...(request.hasCompat32
      ? libraries.filter(({ bits }) => bits === 32).map(({ rootPath }) => rootPath)
      : []),
    ...inventory.sockets
      .filter(({ name }) => request.sockets.includes(name))
      .map(({ path }) => withoutRoot(path, driver.driverRoot)),
    ...(request.hasFirmware ? driver.firmware.map((path) => withoutRoot(path, driver.driverRoot)) : []),
  ]
  return lines.map((line) => `${line}\n`).join("")
}

const withoutRoot = (path: string, root: string): string =>
  root !== "/" && path.startsWith(`${root}/`) ? path.slice(root.length) : path

function listNodes(
  control: readonly NodeFact[],
  devices: readonly SelectedDevice[],
  { isMigWhole }: { readonly isMigWhole: boolean },
): readonly string[] {
  // A MIG device brings its GPU.
  const gpus = [...new Set(devices.map(({ gpu }) => gpu))].sort(
    (one, other) => (one.index ?? 0) - (other.index ?? 0),
  )
  const mig = isMigWhole ? [] : devices.filter((one) => one.kind === "mig")
  return [
    ...control.map(({ path }) => path),
    ...gpus.flatMap(({ node }) => (node === undefined ? [] : [node.path])),
    ...mig.flatMap(({ gpu, device }) => {
      const place = `${capabilityDirectory}/gpu${gpu.minor?.value}/mig/gi${device.gpuInstance}`
      return [
        `${place}/access`,
        `${place}/ci${device.computeInstance}/access`,
        ...[device.gpuInstanceNode, device.computeInstanceNode].flatMap((node) =>
          node === undefined ? [] : [node.path],
        ),
      ]
    }),
  ]
}

/** Generations whose data-centre GPUs can be cut into MIG devices. */
const migGenerations = ["8.0", "9.0", "10.0", "10.3"]

const canBeCut = ({ isMigEnabled, computeCapability }: Gpu): boolean =>
  isMigEnabled !== undefined || migGenerations.includes(computeCapability?.value ?? "")

/** Only where a GPU can be cut into MIG devices; nodes are listed by the driver's numbers, whether they are there or not. */
function listMigRight(
  name: "config" | "monitor",
  inventory: Inventory,
  minors: MigMinors,
  devices: readonly SelectedDevice[],
): readonly string[] {
  const capable = [...new Set(devices.map(({ gpu }) => gpu))].filter(canBeCut)
  if (capable.length === 0) return []
  const node = (minor: number | undefined): readonly string[] =>
    minor === undefined || !Object.hasOwn(inventory.majors, "nvidia-caps")
      ? []
      : [`/dev/nvidia-caps/nvidia-cap${minor}`]
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
