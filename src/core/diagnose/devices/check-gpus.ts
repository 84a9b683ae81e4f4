/**
 * NVIDIA's devices of specifications beside the GPUs and MIG devices that the machine has now: names of what is gone, names that give
 * another one than they say (name-meaning.ts), and what no name gives.
 */

import type { LoadedSpec, RegisteredDevice } from "../../cdi/registry/registry.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { isMachineName } from "../../generate/machine-names.ts"
import type { Inventory } from "../../inventory/inventory.ts"
import { withUnlisted } from "../../inventory/tegra.ts"
import { driverAbsence } from "../../plan/driver-absence.ts"
import { type CdiSubject, found, winners } from "../cdi-subject.ts"
import { checkDriver } from "../check-driver.ts"
import { unreadPlaces } from "../check-unread-machine.ts"
import { meaningOf } from "./name-meaning.ts"

/** Where the driver lists its GPUs, each with what it is. */
const gpuDirectory = "/proc/driver/nvidia/gpus"

const gpuNode = /^\/dev\/nvidia\d+$/

/** Places of nodes in the container, which are the machine's own names for them. */
const nodesOf = ({ device, source }: RegisteredDevice): readonly string[] =>
  [...source.spec.containerEdits.deviceNodes, ...device.containerEdits.deviceNodes].map(({ path }) => path)

/** Order: devices as in their files, then what is in none. */
export function checkGpus(subject: CdiSubject): readonly Finding[] {
  const inventory = withUnlisted(subject.snapshot.inventory)
  const ours = devicesOfGpus(subject)
  // Without a driver nothing is known of GPUs.
  if (inventory.kernelModuleVersion === undefined)
    return ours.length === 0 || inventory.platform !== "native"
      ? []
      : [found("error", driverAbsence(subject.snapshot))]
  const lacking = ours.length === 0 ? [] : checkDriver(subject)
  const areAllSeen = !unreadPlaces(subject.snapshot).some((path) => path.startsWith(gpuDirectory))
  const judged = ours.flatMap((one) => checkName(one, { inventory, areAllSeen }))
  // A file of other devices alone is none of GPUs.
  if (subject.areNamed && ours.length === 0) return []
  const given = new Set(ours.flatMap(({ nodes }) => nodes))
  // A finding of the inventory's comes once, whatever names its device has.
  return [...lacking, ...new Set(judged), ...checkUnlisted(inventory, given)]
}

interface NamedDevice {
  readonly device: RegisteredDevice
  /** Its place in the file. */
  readonly index: number
  readonly source: LoadedSpec
  /** As nodesOf gives them. */
  readonly nodes: readonly string[]
}

/** Those that give a GPU, and beside them those of a GPU's name that have no node at all: such a name promises one. */
function devicesOfGpus({ registry }: CdiSubject): readonly NamedDevice[] {
  const devices = winners(registry).flatMap(({ source, devices: own }) =>
    own.map(({ device, index }): NamedDevice => ({ device, index, source, nodes: nodesOf(device) })),
  )
  const giving = new Set(devices.filter(({ nodes }) => nodes.some((path) => gpuNode.test(path))))
  const sources = new Set([...giving].map(({ source }) => source))
  return devices.filter(
    (one) =>
      giving.has(one) ||
      (sources.has(one.source) &&
        one.device.device.containerEdits.deviceNodes.length === 0 &&
        isMachineName(one.device.device.name)),
  )
}

interface KnownGpus {
  readonly inventory: Inventory
  /** Where one could not be read, what is not among the others may be that one. */
  readonly areAllSeen: boolean
}

/** Whether a device gives what its name says. */
function checkName(
  { device, index, source, nodes }: NamedDevice,
  { inventory, areAllSeen }: KnownGpus,
): readonly Finding[] {
  const meant = meaningOf(device.device.name, inventory)
  if (meant === undefined) return []
  const place = source.locate(["devices", index, "name"])
  const { name } = device
  switch (meant.kind) {
    case "gone":
      return areAllSeen
        ? [found("error", fault("CdiDeviceGone", { place, device: name, means: meant.title }))]
        : []
    case "cut":
      return [found("error", fault("CdiDeviceCut", { place, device: name, gpu: meant.title }))]
    case "lacking":
      return inventory.findings.filter(
        ({ fault: one }) =>
          one.tag === "MigNodeMissing" && one.data.device === meant.device && !nodes.includes(one.data.path),
      )
    case "there": {
      const wanted = meant.nodes.find((node) => !nodes.includes(node))
      if (wanted === undefined) return []
      const other = { place, device: name, means: meant.title, wanted }
      return [found("error", fault("CdiDeviceOther", other), `${wanted}: ${meant.title}`)]
    }
  }
}

/** What the machine has and no device gives. `given`: nodes that some device gives. Order: GPUs, then MIG devices. */
function checkUnlisted(
  { gpus, migDevices }: Pick<Inventory, "gpus" | "migDevices">,
  given: ReadonlySet<string>,
): readonly Finding[] {
  const lost = gpus.filter(
    ({ state, minor, isMigEnabled }) =>
      state === "usable" &&
      isMigEnabled?.value !== true &&
      minor !== undefined &&
      !given.has(`/dev/nvidia${minor.value}`),
  )
  const lostMig = migDevices.filter(
    ({ computeInstanceNode: node }) => node !== undefined && !given.has(node.path),
  )
  const gpuTitles = lost.map(({ index, pciAddress, uuid }) => `GPU ${index} (${uuid?.value ?? pciAddress})`)
  const migTitles = lostMig.map(
    ({ gpuIndex, index, uuid }) =>
      `MIG device ${gpuIndex}:${index}${uuid === undefined ? "" : ` (${uuid.value})`}`,
  )
  return [
    ...(lost.length === 0 ? [] : [found("warning", fault("CdiGpusUnlisted", { gpus: gpuTitles }))]),
    ...(lostMig.length === 0
      ? []
      : [found("warning", fault("CdiMigDevicesUnlisted", { devices: migTitles }))]),
  ]
}
