/**
 * From a request and a machine to the edits that give the container its GPUs: nodes, libraries, binaries, firmware, links, the
 * loader's cache, the driver's view in proc. Places and rules are the reference's (facts, nvidia-container-cli §2).
 * A machine with an error that concerns the request, or a request that cannot be served whole, is refused, never half-served.
 */

import type { DriverCapability } from "../driver/capability.ts"
import type { DriverCatalogue, DriverLibrary } from "../driver/catalogue.ts"
import { extraLinks, impliedLibraries } from "../driver/files.ts"
import { withoutNodeModification } from "../driver/params.ts"
import { type Fault, fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { nodePlace } from "../host/dev-root.ts"
import type { NodeFact } from "../inventory/inventory.ts"
import { type SelectedDevice, selectDevices } from "../inventory/select-devices.ts"
import type { ReasonLog } from "../request/reason.ts"
import type { GpuRequest } from "../request/request.ts"
import { checkRequirement } from "../requirement/check-requirement.ts"
import { containerPath, type HostPath } from "../text/brand.ts"
import { baseName } from "../text/path.ts"
import type { CgroupRuleEdit, DeviceNodeEdit, Edit, LdcacheEdit } from "./edit.ts"
import type { Omission } from "./plan.ts"
import { type ContainerLayout, driverAbsence, type HostSnapshot } from "./snapshot.ts"

export interface NativeInput {
  readonly request: GpuRequest
  readonly snapshot: HostSnapshot
  readonly layout: ContainerLayout
  /** false: the device cgroup is left alone (`no-cgroups`). */
  readonly manageCgroups: boolean
}

export interface NativePlan {
  readonly edits: readonly Edit[]
  readonly omissions: readonly Omission[]
}

type SelectedGpu = Extract<SelectedDevice, { readonly kind: "gpu" }>

const everyCapability: readonly DriverCapability[] = [
  "compute",
  "display",
  "graphics",
  "ngx",
  "utility",
  "video",
]

/** Faults: DriverNotLoaded, DriverLibraryMissing, DeviceUnknown, DeviceKindUnserved, DeviceNodeMissing, RequirementUnmet, RequirementInvalid. */
export function planNative(input: NativeInput, log: ReasonLog): Result<NativePlan> {
  const { request, snapshot, layout } = input
  const unserved = findUnserved(request)
  if (unserved !== undefined) return fail(unserved)
  const { driver, inventory } = snapshot
  if (driver === undefined || inventory.kernelModuleVersion === undefined)
    return fail(driverAbsence(snapshot))
  const broken = driver.findings.find(({ severity }) => severity === "error")
  if (broken !== undefined) return fail(broken.fault)
  const devices = selectDevices(request.devices, inventory)
  if (!devices.ok) return devices
  const mig = devices.value.find(({ kind }) => kind === "mig")
  if (mig !== undefined)
    return fail(fault("DeviceKindUnserved", { selector: mig.selector, kind: "a MIG device" }))
  const selected = devices.value.filter((device) => device.kind === "gpu")

  const asked = new Set<DriverCapability>(request.capabilities)
  for (const capability of request.capabilities)
    for (const more of impliedLibraries[capability] ?? []) asked.add(more)
  const control = controlNodes(snapshot, asked)
  const checked = checkMachine(selected, control, input)
  if (!checked.ok) return checked
  const because = {
    devices: lastReason(log, "devices."),
    capabilities: lastReason(log, "capabilities."),
  }
  const isEverything = everyCapability.every((one) => asked.has(one))
  const libraries = driver.libraries.filter(
    ({ bits, capabilities }) =>
      bits === 64 &&
      (capabilities.some((one) => asked.has(one)) || (isEverything && capabilities.length === 0)),
  )
  const directory = libraryDirectory(layout, libraries)
  const edits: Edit[] = [
    ...deviceEdits(input, selected, control, because, log),
    ...fileEdits(driver, libraries, request, directory, because.capabilities),
    ...procEdits(input, selected, log),
    ...linkEdits(driver, libraries, directory, because.capabilities),
    ...cacheEdits(libraries, directory, because.capabilities),
  ]
  return ok({ edits, omissions: listOmissions(input, selected, asked, because) })
}

function findUnserved(request: GpuRequest): Fault | undefined {
  const unserved = (selector: string, kind: string): Fault => fault("DeviceKindUnserved", { selector, kind })
  if (request.migConfig !== "") return unserved("NVIDIA_MIG_CONFIG_DEVICES", "a right over MIG")
  if (request.migMonitor !== "") return unserved("NVIDIA_MIG_MONITOR_DEVICES", "a right over MIG")
  const channels = request.imexChannels.filter((channel) => channel !== "")
  return channels.length > 0 ? unserved(channels.join(","), "an IMEX channel") : undefined
}

/** The driver's own nodes that the capabilities need: mode setting for display, unified memory for compute. */
const controlNodes = (
  { inventory }: HostSnapshot,
  asked: ReadonlySet<DriverCapability>,
): readonly NodeFact[] =>
  inventory.nodes.control.filter(({ path }) => {
    if (path === "/dev/nvidia-modeset") return asked.has("display")
    return !path.startsWith("/dev/nvidia-uvm") || asked.has("compute")
  })

/** Findings that concern what was asked for, and the image's requirements, for each GPU. */
function checkMachine(
  selected: readonly SelectedGpu[],
  nodes: readonly NodeFact[],
  { request, snapshot }: NativeInput,
): Result<true> {
  const { inventory } = snapshot
  const needed = new Set<string>([...nodes.map(({ path }) => path), "/dev/nvidiactl"])
  for (const { gpu } of selected) if (gpu.minor !== undefined) needed.add(`/dev/nvidia${gpu.minor.value}`)
  const concerns = ({ fault: one }: Finding): boolean =>
    ((one.tag === "DeviceNodeMissing" || one.tag === "DeviceMajorStale" || one.tag === "DeviceNodeWrong") &&
      needed.has(one.data.path)) ||
    (one.tag === "GpuMinorShared" && selected.some(({ gpu }) => gpu.minor?.value === one.data.minor)) ||
    (one.tag === "NvmlGpuFailed" && selected.some(({ gpu }) => gpu.index === one.data.index))
  const found = inventory.findings.find((one) => one.severity === "error" && concerns(one))
  if (found !== undefined) return fail(found.fault)

  const facts = { cuda: inventory.cudaVersion?.value, driver: inventory.kernelModuleVersion?.value }
  for (const requirement of request.requirements)
    for (const gpu of selected.length === 0 ? [undefined] : selected.map((one) => one.gpu)) {
      const arch = gpu?.computeCapability?.value
      const brand = gpu?.model === undefined ? undefined : (gpu.brand?.value ?? "Unknown")
      const held = checkRequirement(requirement, { ...facts, arch, brand })
      if (!held.ok) return held
    }
  return ok(true)
}

interface Because {
  readonly devices: readonly string[]
  readonly capabilities: readonly string[]
}

/** The reason of a kind that fell last, which is the one that decided. */
function lastReason(log: ReasonLog, prefix: string): readonly string[] {
  const found = log.reasons.findLast(({ rule }) => rule.startsWith(prefix))
  return found === undefined ? [] : [found.id]
}

function deviceEdits(
  { manageCgroups, snapshot }: NativeInput,
  selected: readonly SelectedGpu[],
  control: readonly NodeFact[],
  because: Because,
  log: ReasonLog,
): readonly Edit[] {
  const nodes: DeviceNodeEdit[] = []
  const { devRoot } = snapshot.inventory
  for (const { gpu, selector } of selected) {
    if (gpu.node === undefined || gpu.minor === undefined) continue
    const evidence = [
      { from: "machine", path: gpu.minor.source, value: `Device Minor ${gpu.minor.value}` },
    ] as const
    const chosen = log.add(
      "select.gpu",
      evidence,
      `${selector} selects GPU ${gpu.index} (${gpu.pciAddress}), ${gpu.node.path}`,
    )
    nodes.push(toNodeEdit(gpu.node, devRoot, [...because.devices, chosen]))
  }
  for (const node of control)
    nodes.push(
      toNodeEdit(node, devRoot, node.path === "/dev/nvidiactl" ? because.devices : because.capabilities),
    )
  if (!manageCgroups) {
    log.add(
      "cgroup.unmanaged",
      [{ from: "config", key: "nvidia-container-cli.no-cgroups", value: "true", line: undefined }],
      "the device cgroup is left as the engine made it",
    )
    return nodes
  }
  const rules = nodes.map(
    ({ major, minor, reasons }): CgroupRuleEdit => ({
      kind: "cgroupRule",
      major,
      minor,
      access: "rw",
      reasons,
    }),
  )
  return [...nodes, ...rules]
}

const toNodeEdit = (node: NodeFact, devRoot: HostPath, reasons: readonly string[]): DeviceNodeEdit => ({
  kind: "deviceNode",
  path: containerPath(node.path),
  hostPath: nodePlace(devRoot, node.path),
  major: node.major,
  minor: node.minor,
  fileMode: node.mode,
  uid: node.uid,
  gid: node.gid,
  reasons,
})

/** The container's distribution decides, not the host's. */
function libraryDirectory(layout: ContainerLayout, libraries: readonly DriverLibrary[]): string {
  if (!layout.isDebian) return "/usr/lib64"
  return libraries.some(({ machine }) => machine === "aarch64")
    ? "/usr/lib/aarch64-linux-gnu"
    : "/usr/lib/x86_64-linux-gnu"
}

function fileEdits(
  driver: DriverCatalogue,
  libraries: readonly DriverLibrary[],
  request: GpuRequest,
  directory: string,
  reasons: readonly string[],
): readonly Edit[] {
  const options = ["ro", "nosuid", "nodev"] as const
  const asked = new Set<DriverCapability>(request.capabilities)
  const mount = (path: DriverLibrary["path"], target: string): Edit => ({
    kind: "mount",
    hostPath: path,
    containerPath: containerPath(target),
    options,
    reasons,
  })
  const binaries = driver.binaries.filter(({ capabilities }) => capabilities.some((one) => asked.has(one)))
  return [
    ...binaries.map(({ path }) => mount(path, `/usr/bin/${baseName(path)}`)),
    ...libraries.map(({ path }) => mount(path, `${directory}/${baseName(path)}`)),
    ...driver.firmware.map((path) => mount(path, `/lib/firmware/nvidia/${driver.version}/${baseName(path)}`)),
  ]
}

/** The driver's directory in proc: only the chosen GPUs, and a driver that is told not to make device nodes. */
function procEdits(
  { snapshot }: NativeInput,
  selected: readonly SelectedGpu[],
  log: ReasonLog,
): readonly Edit[] {
  const params = snapshot.procFiles.find(({ name }) => name === "params")
  if (snapshot.procFiles.length === 0) return []
  const evidence =
    params === undefined
      ? []
      : [{ from: "machine", path: "/proc/driver/nvidia/params", value: "ModifyDeviceFiles: 1" } as const]
  const reasons = [
    log.add("proc.view", evidence, "the driver in the container must not make device nodes by itself"),
  ]
  const files = snapshot.procFiles.map(
    ({ name, text }): Edit => ({
      kind: "file",
      path: containerPath(`/proc/driver/nvidia/${name}`),
      text: name === "params" ? withoutNodeModification(text) : text,
      mode: 0o444,
      reasons,
    }),
  )
  const gpus = selected.flatMap(({ gpu }): readonly Edit[] => {
    if (gpu.procDirectory === undefined) return []
    return [
      {
        kind: "mount",
        hostPath: gpu.procDirectory,
        containerPath: containerPath(gpu.procDirectory),
        options: ["ro", "nosuid", "nodev", "noexec"],
        reasons,
      },
    ]
  })
  return [...files, ...gpus]
}

function linkEdits(
  driver: DriverCatalogue,
  libraries: readonly DriverLibrary[],
  directory: string,
  reasons: readonly string[],
): readonly Edit[] {
  const links = new Map<string, string>()
  for (const { path, soname } of libraries) {
    const name = baseName(path)
    if (soname !== name) links.set(`${directory}/${soname}`, name)
    for (const { stem, link, target } of extraLinks)
      if (name === `${stem}.so.${driver.version}`) links.set(`${directory}/${link}`, target(driver.version))
  }
  return [...links].map(
    ([path, target]): Edit => ({ kind: "symlink", path: containerPath(path), target, reasons }),
  )
}

function cacheEdits(
  libraries: readonly DriverLibrary[],
  directory: string,
  reasons: readonly string[],
): readonly Edit[] {
  if (libraries.length === 0) return []
  const edit: LdcacheEdit = {
    kind: "ldcache",
    path: containerPath("/etc/ld.so.cache"),
    entries: libraries.map(({ soname, bits, machine }) => ({
      soname,
      path: containerPath(`${directory}/${soname}`),
      bits,
      machine,
    })),
    reasons,
  }
  return [edit]
}

function listOmissions(
  { request, snapshot }: NativeInput,
  selected: readonly SelectedGpu[],
  asked: ReadonlySet<DriverCapability>,
  because: Because,
): readonly Omission[] {
  const chosen = new Set(selected.map(({ gpu }) => gpu))
  const gpus = snapshot.inventory.gpus
    .filter((gpu) => !chosen.has(gpu))
    .map(({ index, pciAddress, state }): Omission => {
      const what = index === undefined ? `GPU at ${pciAddress}, ${state}` : `GPU ${index} (${pciAddress})`
      return { what, reasons: because.devices }
    })
  const capabilities = everyCapability
    .filter((one) => !asked.has(one))
    .map((one): Omission => ({ what: `driver capability ${one}`, reasons: because.capabilities }))
  const compat32: readonly Omission[] = request.capabilities.includes("compat32")
    ? [{ what: "32-bit libraries, which native injection does not serve yet", reasons: because.capabilities }]
    : []
  return [...gpus, ...capabilities, ...compat32]
}
