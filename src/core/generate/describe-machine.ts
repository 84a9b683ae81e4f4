/** Which devices a mode has on a machine, under which names, and what every container of the specification gets. */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import type { Fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Gpu, Inventory } from "../inventory/inventory.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import { checkMachine } from "../plan/check-machine.ts"
import { driverAbsence } from "../plan/driver-absence.ts"
import type { EnvEdit } from "../plan/edit.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import { boardDevices } from "./board-devices.ts"
import { chooseDevices, findPartless } from "./choose-devices.ts"
import { leftOut, partless, sharedNodes, withoutParts } from "./left-out.ts"
import { nameDevice, namesFor } from "./name-devices.ts"
import { noNodeToGenerate, nothingToGenerate } from "./nothing-to-generate.ts"
import { channelDevices, companionDevice, managementNodes, windowsDevice } from "./other-modes.ts"
import { type NamedPart, nodesOf, type SpecPart } from "./part.ts"
import { devicePart, managementPart, sharedPart } from "./plan-parts.ts"
import { specContext } from "./spec-context.ts"
import { resolveMode, type SpecRequest, wholeSelector } from "./spec-request.ts"

export interface DescribedMachine {
  readonly devices: readonly NamedPart[]
  readonly shared: SpecPart
  readonly findings: readonly Finding[]
}

/**
 * Faults: CdiNothingToGenerate; GpuUnreadable, GpuExcluded, GpuUndriven where no GPU is left; DriverNotLoaded, DriverLibraryMissing,
 * DriverVersionMismatch; DeviceUnknown, DeviceAmbiguous, DeviceKindUnserved, ImexChannelMissing.
 */
export function describeMachine(snapshot: HostSnapshot, request: SpecRequest): Result<DescribedMachine> {
  const { inventory } = snapshot
  const mode = resolveMode(request.mode, inventory)
  switch (mode) {
    case "nvml":
      return describeGpus(snapshot, request)
    case "management": {
      const driver = wholeDriver(snapshot)
      if (!driver.ok) return driver
      const context = specContext(sockets(snapshot, request), driver.value, [], request)
      const { findings, ...shared } = managementPart(context)
      return describeOneDevice(inventory, managementNodes(inventory), shared, mode, findings)
    }
    case "csv":
    case "wsl": {
      const platform = mode === "csv" ? boardDevices(snapshot, request) : windowsDevice(snapshot)
      if (!platform.ok) return platform
      const { devices, shared, findings } = platform.value
      return ok({ devices, shared: withVoid(shared), findings: [...lastingFindings(inventory), ...findings] })
    }
    case "imex": {
      const channels = channelDevices(inventory, request.devices)
      if (!channels.ok) return channels
      return channels.value.length === 0
        ? noNodeToGenerate(inventory, mode, "/dev/nvidia-caps-imex-channels/channel*")
        : ok({ devices: channels.value, shared: withVoid(nothingShared), findings: [] })
    }
    default:
      return describeOneDevice(inventory, companionDevice(inventory, mode), withVoid(nothingShared), mode, [])
  }
}

function describeGpus(snapshot: HostSnapshot, request: SpecRequest): Result<DescribedMachine> {
  const driver = wholeDriver(snapshot)
  if (!driver.ok) return driver
  const context = specContext(sockets(snapshot, request), driver.value, [], request)
  const { findings, ...shared } = sharedPart(context)
  if (wholeSelector(request.devices) === "none") return ok({ devices: [noDevice], shared, findings })
  const isRefused = request.machineFaults === "refused"
  const { inventory } = snapshot
  const wrong = isRefused ? checkMachine(inventory, [], sharedNodes(inventory)) : ok(true as const)
  if (!wrong.ok) return wrong
  const selected = chooseDevices(request.devices, inventory)
  if (!selected.ok) return selected
  // Most machines have nothing wrong, and this is asked for every device.
  const isJudged = isRefused && inventory.findings.some(({ severity }) => severity === "error")
  const left: Finding[] = findPartless(request.devices, inventory).map(partless)
  const devices = selected.value.flatMap((device): readonly NamedPart[] => {
    const part = devicePart(context, device)
    const checked = isJudged ? checkMachine(inventory, [device], nodesOf(part)) : ok(true as const)
    const names = namesFor(request, (strategies) => nameDevice(device, strategies))
    if (checked.ok && hasNode(part)) {
      if (names.names.length === 0)
        left.push(leftOut(device, `it has no name by ${request.names.join(" or ")}`))
      if (device.kind === "gpu" && isWithoutParts(device.gpu, selected.value))
        left.push(withoutParts(device.gpu))
      return [{ ...names, part, env: [] }]
    }
    left.push(
      checked.ok
        ? leftOut(device, "it has no device node")
        : leftOut(device, "it is out of order", checked.fault),
    )
    return []
  })
  if (devices.length === 0) return nothingUsable(inventory, selected.value, left)
  return ok({
    devices,
    shared,
    findings: [
      ...lastingFindings(inventory),
      ...driver.value.findings,
      ...driver.value.packageFindings,
      ...findings,
      ...left,
    ],
  })
}

/** Asked for as a whole and not in parts, while MIG is enabled on it. */
const isWithoutParts = ({ index, isMigEnabled }: Gpu, selected: readonly SelectedDevice[]): boolean =>
  isMigEnabled?.value === true && !selected.some((one) => one.kind === "mig" && one.device.gpuIndex === index)

/** Why no GPU is left: what is wrong with one says more than that there is none. */
function nothingUsable(
  inventory: Inventory,
  selected: readonly SelectedDevice[],
  left: readonly Finding[],
): Result<never> {
  const { gpus, findings } = inventory
  const unfit = findings.map((one) => one.fault).find(({ tag }) => gpuFaults.some((known) => known === tag))
  const cause = left.find(({ fault: one }) => one.cause !== undefined)?.fault.cause ?? unfit
  if (cause !== undefined) return fail(cause)
  const cut = gpus.find(({ isMigEnabled }) => isMigEnabled?.value === true)
  return selected.length === 0 && cut !== undefined
    ? nothingToGenerate("nvml", `a MIG device of GPU ${cut.index ?? cut.pciAddress} (MIG is enabled on it)`)
    : noNodeToGenerate(inventory, "nvml", "/dev/nvidia[0-9]*")
}

const gpuFaults: readonly Fault["tag"][] = ["GpuUnreadable", "GpuExcluded", "GpuUndriven"]

/** A device without an edit is none, and so the one that is no device sets a variable. Source: facts, toolkit §5.2. */
const noDevice: NamedPart = {
  names: ["none"],
  aliases: [],
  part: { edits: [], hooks: [] },
  env: ["NVCT_EMPTY_DEVICE="],
}

const hasNode = ({ edits }: SpecPart): boolean => edits.some(({ kind }) => kind === "deviceNode")

/** A driver that is there and whole: a specification of half of one would fail in every container. */
function wholeDriver(snapshot: HostSnapshot): Result<DriverCatalogue> {
  const { driver, inventory } = snapshot
  if (driver === undefined || inventory.kernelModuleVersion === undefined)
    return fail(driverAbsence(snapshot))
  const broken = [...driver.findings, ...driver.packageFindings].find(({ severity }) => severity === "error")
  return broken === undefined ? ok(driver) : fail(broken.fault.cause ?? broken.fault)
}

/** A specification outlives this moment: a service that does not listen yet may do so when a container starts. */
const sockets = (
  { inventory }: HostSnapshot,
  { hasSockets }: SpecRequest,
): { readonly inventory: Inventory } => ({
  inventory: {
    ...inventory,
    sockets: hasSockets ? inventory.sockets.map((one) => ({ ...one, isListening: undefined })) : [],
  },
})

/**
 * Without those that may no longer hold when a container starts: a dead socket may be served by then. A node that nobody has made yet is a
 * start's passing trouble; a specification is without it for good.
 */
const lastingFindings = ({ findings }: Inventory): readonly Finding[] =>
  findings
    .filter(({ fault: { tag } }) => tag !== "SocketDead")
    .map((one) =>
      one.fault.tag === "DeviceNodeMissing" && one.severity === "note"
        ? { ...one, severity: "warning" }
        : one,
    )

function describeOneDevice(
  inventory: Inventory,
  part: SpecPart,
  shared: SpecPart,
  mode: string,
  findings: readonly Finding[],
): Result<DescribedMachine> {
  return hasNode(part)
    ? ok({ devices: [{ names: ["all"], aliases: [], part, env: [] }], shared, findings })
    : noNodeToGenerate(inventory, mode, placesOf[mode] ?? "/dev/nvidia*")
}

const placesOf: Readonly<Record<string, string>> = {
  gds: "/dev/nvidia-fs*",
  mofed: "/dev/infiniband/uverbs*",
  gdrcopy: "/dev/gdrdrv",
  nvswitch: "/dev/nvidia-nvswitch*",
}

const nothingShared: SpecPart = { edits: [], hooks: [] }

/** So that no other tool serves the container once more. */
const voidVisibleDevices: EnvEdit = {
  kind: "env",
  name: "NVIDIA_VISIBLE_DEVICES",
  value: "void",
  reasons: ["specification"],
}
const withVoid = (part: SpecPart): SpecPart => ({ ...part, edits: [...part.edits, voidVisibleDevices] })
