/**
 * NVIDIA's devices of specifications beside the GPUs and MIG devices that the machine has now: names of what is gone, names that give
 * another one than they say, and what no name gives. What a name says is read as the reference writes names (facts, toolkit §5.2): an
 * index, `GPU:SLOT`, a UUID, a PCI address.
 */

import type { RegisteredDevice } from "../cdi/registry/registry.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { isMachineName, isUuid } from "../generate/machine-names.ts"
import type { Gpu, MigDevice } from "../inventory/inventory.ts"
import { normalisePciAddress } from "../inventory/pci-address.ts"
import { withUnlisted } from "../inventory/tegra.ts"
import { driverAbsence } from "../plan/driver-absence.ts"
import { type CdiSubject, found, winners } from "./cdi-subject.ts"
import { checkDriver } from "./check-driver.ts"
import { unreadPlaces } from "./check-unread-machine.ts"

/** Where the driver lists its GPUs, each with what it is. */
const gpuDirectory = "/proc/driver/nvidia/gpus"

const gpuNode = /^\/dev\/nvidia\d+$/

/** Places of nodes in the container, which are the machine's own names for them. */
const nodesOf = ({ device, source }: RegisteredDevice): readonly string[] =>
  [...source.spec.containerEdits.deviceNodes, ...device.containerEdits.deviceNodes].map(({ path }) => path)

/** Order: devices as in their files, then what is in none. */
export function checkGpus(subject: CdiSubject): readonly Finding[] {
  const { gpus, migDevices, kernelModuleVersion } = withUnlisted(subject.snapshot.inventory)
  const devices = winners(subject.registry).flatMap(({ source, devices: own }) =>
    own.map((one) => ({ ...one, source, nodes: nodesOf(one.device) })),
  )
  const giving = new Set(devices.filter(({ nodes }) => nodes.some((path) => gpuNode.test(path))))
  const sources = new Set([...giving].map(({ source }) => source))
  // Beside GPUs a device of a GPU's name promises one, also if it has no node at all.
  const ours = devices.filter(
    (one) =>
      giving.has(one) ||
      (sources.has(one.source) &&
        one.device.device.containerEdits.deviceNodes.length === 0 &&
        isMachineName(one.device.device.name)),
  )
  // Without a driver nothing is known of GPUs.
  if (kernelModuleVersion === undefined)
    return ours.length === 0 || subject.snapshot.inventory.platform !== "native"
      ? []
      : [found("error", driverAbsence(subject.snapshot))]
  const lacking = ours.length === 0 ? [] : checkDriver(subject)
  const areAllSeen = !unreadPlaces(subject.snapshot).some((path) => path.startsWith(gpuDirectory))
  const judged = ours.flatMap(({ device, index, source, nodes }): readonly Finding[] => {
    const meant = meaningOf(device.device.name, gpus, migDevices)
    if (meant === undefined) return []
    const place = source.locate(["devices", index, "name"])
    const { name } = device
    if (meant.kind === "gone")
      return !areAllSeen
        ? []
        : [found("error", fault("CdiDeviceGone", { place, device: name, means: meant.title }))]
    if (meant.kind === "cut")
      return [found("error", fault("CdiDeviceCut", { place, device: name, gpu: meant.title }))]
    if (meant.kind === "lacking")
      return subject.snapshot.inventory.findings.filter(
        ({ fault: one }) =>
          one.tag === "MigNodeMissing" && one.data.device === meant.device && !nodes.includes(one.data.path),
      )
    const wanted = meant.nodes.find((node) => !nodes.includes(node))
    return wanted === undefined
      ? []
      : [
          found(
            "error",
            fault("CdiDeviceOther", { place, device: name, means: meant.title, wanted }),
            `${wanted}: ${meant.title}`,
          ),
        ]
  })
  // A file of other devices alone is none of GPUs.
  if (subject.areNamed && ours.length === 0) return []
  const given = new Set(ours.flatMap(({ nodes }) => nodes))
  return [...lacking, ...new Set(judged), ...checkUnlisted(gpus, migDevices, given)]
}

type Meaning =
  /** The machine has no such thing. */
  | { readonly kind: "gone"; readonly title: string }
  /** A GPU on which MIG is enabled. */
  | { readonly kind: "cut"; readonly title: string }
  /** A MIG device without one of its nodes, as the inventory tells. One that a device names all the same is told of with its place. */
  | { readonly kind: "lacking"; readonly device: string }
  /** `nodes`: what who uses it must be able to open. Order: the one that is it alone first. */
  | { readonly kind: "there"; readonly title: string; readonly nodes: readonly string[] }

/** undefined: the name says nothing that can be judged, or the machine does not tell. */
function meaningOf(
  name: string,
  gpus: readonly Gpu[],
  migDevices: readonly MigDevice[],
): Meaning | undefined {
  const [, gpuIndex, slot] = /^(?:gpu|mig)?(\d{1,4})(?::(\d{1,4}))?$/.exec(name) ?? []
  if (gpuIndex !== undefined && slot !== undefined) {
    const one = migDevices.find(
      ({ gpuIndex: of, index }) => of === Number(gpuIndex) && index === Number(slot),
    )
    return migMeaning(`MIG device ${gpuIndex}:${slot}`, one, gpus)
  }
  if (gpuIndex !== undefined)
    return gpuMeaning(
      `GPU ${gpuIndex}`,
      gpus.find(({ index }) => index === Number(gpuIndex)),
    )
  if (isUuid(name) && !/^MIG/i.test(name)) {
    const one = gpus.find(({ uuid }) => uuid?.value.toLowerCase() === name.toLowerCase())
    const areAllKnown = gpus.every(({ state, uuid }) => state !== "usable" || uuid !== undefined)
    return one === undefined && !areAllKnown ? undefined : gpuMeaning(name, one)
  }
  if (isUuid(name)) {
    const one = migDevices.find(({ uuid }) => uuid?.value.toLowerCase() === name.toLowerCase())
    const areAllKnown = migDevices.every(({ uuid }) => uuid !== undefined)
    return one === undefined && !areAllKnown ? undefined : migMeaning(name, one, gpus)
  }
  const address = normalisePciAddress(name)
  if (address === undefined) return undefined
  return gpuMeaning(
    `GPU ${address}`,
    gpus.find(({ pciAddress }) => pciAddress === address),
  )
}

const gpuMeaning = (title: string, gpu: Gpu | undefined): Meaning | undefined => {
  if (gpu === undefined) return { kind: "gone", title }
  if (gpu.isMigEnabled?.value === true) return { kind: "cut", title }
  return gpu.minor === undefined
    ? undefined
    : { kind: "there", title, nodes: [`/dev/nvidia${gpu.minor.value}`] }
}

/** Its compute instance, the GPU instance that this is in, and the GPU. */
function migMeaning(title: string, device: MigDevice | undefined, gpus: readonly Gpu[]): Meaning | undefined {
  if (device === undefined) return { kind: "gone", title }
  const { computeInstanceNode, gpuInstanceNode, gpuIndex } = device
  const gpu = gpus.find(({ index }) => index === gpuIndex)
  if (computeInstanceNode === undefined || gpuInstanceNode === undefined)
    return { kind: "lacking", device: `${gpuIndex}:${device.index}` }
  const nodes = [computeInstanceNode, gpuInstanceNode, gpu?.node]
  return {
    kind: "there",
    title,
    nodes: nodes.flatMap((node): readonly string[] => (node === undefined ? [] : [node.path])),
  }
}

function checkUnlisted(
  gpus: readonly Gpu[],
  migDevices: readonly MigDevice[],
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
