/**
 * The whole inventory of a machine. No node is opened and no vendor library is loaded here; NVML is asked through the Host port,
 * and only when files leave something open that nobody else can tell:
 *   a usable GPU without UUID, a GPU whose model stands in no table, a brand that its model does not prove, MIG devices
 * Source: what the driver's kernel module writes (facts, nvidia-container-cli §5).
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Result } from "../fault/result.ts"
import { withDevRoot } from "../host/dev-root.ts"
import type { Host } from "../host/host.ts"
import { noteUnreadable } from "../host/note-unreadable.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { cudaVersionOf } from "./driver-branch.ts"
import { brandOf } from "./gpu-model.ts"
import type { BoardGpu, Gpu, Inventory, Platform, Sourced } from "./inventory.ts"
import { hasBoardFiles, isIntegratedName, isOwnGpuUsed } from "./is-tegra.ts"
import { canBeCut, describeMigRights } from "./mig-rights.ts"
import type { NvmlGpu, NvmlReport } from "./nvml-report.ts"
import { describeModel, observeGpus } from "./observe-gpus.ts"
import { describeMigDevices, observeMigInstances, observeMigMinors } from "./observe-mig.ts"
import {
  checkControlNodes,
  checkNodes,
  drmFindings,
  observeMajors,
  observeSupportNodes,
} from "./observe-nodes.ts"
import { observeSockets } from "./observe-sockets.ts"
import { observeVersion } from "./observe-version.ts"
import { defaultListDirectory, findPlatformLists, observePlatformEntries } from "./platform-list.ts"
import { cudaOfTegra, unlistedGpu } from "./tegra.ts"

export interface InventoryOptions {
  /** Where the driver's tree lies: `/`, `/run/nvidia/driver`. */
  readonly driverRoot: HostPath
  /** Below which `/dev` is looked at. */
  readonly devRoot?: HostPath
  /** Where NVML is looked for: as in SnapshotOptions. */
  readonly ldcache?: string
  readonly searchPaths?: readonly string[]
  /** Where a board's lists lie. */
  readonly platformLists?: string
  /** As in SnapshotOptions. */
  readonly asksMigMode?: boolean
}

/** Loading one anew gives its nodes new numbers. */
export const moduleNames: readonly string[] = [
  "gdrdrv",
  "nvidia",
  "nvidia_drm",
  "nvidia_fs",
  "nvidia_modeset",
  "nvidia_peermem",
  "nvidia_uvm",
]

/** What GPUDirect Storage reads beside its nodes. Source: facts, toolkit (mode gds). */
export const gdsFiles: readonly HostPath[] = ["/etc/cufile.json", "/run/udev"].map(hostPath)

/** What is known before NVML has answered, and the whole. */
interface BegunInventory extends Pick<Inventory, "kernelModuleVersion"> {
  /** As files tell. */
  readonly platform: Platform
  /** Waits for NVML's answer. To be called once. */
  complete(): Inventory
}

export const observeInventory = (machine: Host, options?: InventoryOptions): Inventory =>
  beginInventory(machine, options).complete()

/** NVML is asked, where it is, while others look at something else. */
export function beginInventory(
  machine: Host,
  {
    driverRoot,
    devRoot = hostPath("/"),
    ldcache = "/etc/ld.so.cache",
    searchPaths = [],
    platformLists = defaultListDirectory,
    asksMigMode = false,
  }: InventoryOptions = { driverRoot: hostPath("/") },
): BegunInventory {
  const findings: Finding[] = []
  const host = noteUnreadable(withDevRoot(machine, devRoot), findings)
  const kernelModuleVersion = observeVersion(host)
  const place = { driverRoot, ldcache, searchPaths }
  const { gpus: seen, absentDrm } = observeGpus(host, findings)
  const nodes = observeSupportNodes(host, seen)
  const majors = observeMajors(host)
  const modules = moduleNames.filter((name) => host.exists(hostPath(`/sys/module/${name}`)))
  const minors = observeMigMinors(host)
  const instances = observeMigInstances(host, seen, minors, nodes.capabilities)

  const usable = seen.filter(({ state }) => state === "usable")
  const cuda = kernelModuleVersion === undefined ? undefined : cudaVersionOf(kernelModuleVersion.value)
  const isOpen = instances.length > 0 || usable.some(leavesOpen) || cuda === undefined
  const isBrandOpen = usable.some(hasUncertainBrand)
  const isModeOpen = asksMigMode && usable.some(canBeCut)
  const isAsked = kernelModuleVersion !== undefined && (isOpen || isBrandOpen || isModeOpen)
  const hasFiles = hasBoardFiles(host)
  const isBoard = hasFiles && isOwnGpuUsed(host)
  const isWindows = nodes.dxg !== undefined && kernelModuleVersion === undefined
  // A Tegra board that uses a discrete GPU alone counts as native: its lists still name the board's nodes.
  const platformOfFiles: Platform = isBoard ? "tegra" : isWindows ? "wsl" : "native"
  // Of a board's own GPU no file tells; older boards have no NVML, and nothing is wrong with that. A board can be told by its lists alone.
  const mayBeBoard = hasFiles || findPlatformLists(host, hostPath(platformLists)).length > 0
  const isNeeded = isOpen && (isBoard ? usable.length > 0 : isAsked)
  const answer = isAsked || mayBeBoard ? host.askNvml(place) : undefined
  const complete = (): Inventory => {
    const report = answer === undefined ? undefined : readAnswer(answer(), { isNeeded, isModeOpen }, findings)
    const told = matchByAddress(report)
    const boardGpu = describeBoardGpu(report)
    const gpus = countUnlisted(
      seen.map((gpu) => completeGpu(gpu, told.get(gpu.pciAddress), instances)),
      boardGpu,
    )
    const platform = hasFiles && boardGpu !== undefined ? "tegra" : platformOfFiles
    for (const gpu of gpus)
      if (gpu.state === "usable" && gpu.uuid === undefined)
        findings.push({
          severity: "warning",
          fault: fault("GpuUuidUnknown", { pciAddress: gpu.pciAddress }),
          evidence: [`${gpu.procDirectory}/information: no UUID`],
        })

    checkNodes(nodes, gpus, majors, findings)
    findings.push(...drmFindings(absentDrm))
    if (kernelModuleVersion !== undefined) checkControlNodes(nodes, modules, majors, findings)
    if (nodes.tegra.length > 0) findings.push(...observePlatformEntries(host).findings)
    return {
      platform,
      devRoot,
      kernelModuleVersion,
      cudaVersion: describeCuda(platform === "tegra" ? cudaOfTegra(host) : undefined, cuda, report),
      modules,
      boardGpu,
      gpus,
      migDevices: describeMigDevices(host, gpus, instances, told, minors, findings),
      migRights: describeMigRights(gpus, minors),
      nodes,
      gdsFiles: nodes.gds.length === 0 ? [] : gdsFiles.filter((path) => host.exists(path)),
      sockets: observeSockets(host, driverRoot, findings),
      majors,
      findings,
    }
  }
  return { platform: platformOfFiles, kernelModuleVersion, complete }
}

function describeCuda(
  ofBoard: Sourced<string> | undefined,
  cuda: string | undefined,
  report: NvmlReport | undefined,
): Sourced<string> | undefined {
  if (report?.cudaVersion !== undefined) return { value: report.cudaVersion, source: "NVML" }
  if (ofBoard !== undefined) return ofBoard
  return cuda === undefined ? undefined : { value: cuda, source: "table of driver branches" }
}

function describeBoardGpu(report: NvmlReport | undefined): BoardGpu | undefined {
  for (const { index, name, uuid } of report?.gpus ?? [])
    if (name !== undefined && isIntegratedName(name)) return { index, name, uuid }
  return undefined
}

/** Those behind a board's own that no file tells of are one further. */
function countUnlisted(gpus: readonly Gpu[], boardGpu: BoardGpu | undefined): readonly Gpu[] {
  const own = unlistedGpu({ boardGpu, gpus })
  if (own === undefined) return gpus
  return gpus.map((gpu) =>
    gpu.index === undefined || gpu.index < own.index ? gpu : { ...gpu, index: gpu.index + 1 },
  )
}

const leavesOpen = (gpu: Gpu): boolean => gpu.uuid === undefined || gpu.computeCapability === undefined

/** A brand matters only to images that require one: where NVML cannot tell it, a likely one will do. */
const hasUncertainBrand = ({ model }: Gpu): boolean =>
  model !== undefined && brandOf(model.value)?.isCertain !== true

interface Need {
  /** What files leave open has to be known. */
  readonly isNeeded: boolean
  /** Whether MIG is enabled on a GPU has no other source. */
  readonly isModeOpen: boolean
}

function readAnswer(
  asked: Result<NvmlReport>,
  { isNeeded, isModeOpen }: Need,
  findings: Finding[],
): NvmlReport | undefined {
  if (!asked.ok) {
    // Where there is no library that can be loaded nothing could tell.
    const isFailing =
      asked.fault.tag === "NvmlUnavailable" && !["search", "load"].includes(asked.fault.data.step)
    if (isNeeded || (isModeOpen && isFailing))
      findings.push({ severity: "warning", fault: asked.fault, evidence: [] })
    return undefined
  }
  const { library, missingSymbols, gpus } = asked.value
  for (const symbol of missingSymbols)
    findings.push({
      severity: "note",
      fault: fault("NvmlSymbolMissing", { library, symbol }),
      evidence: [`${library}: no ${symbol}`],
    })
  for (const { index, problem, pciAddress } of gpus)
    if (problem !== undefined)
      findings.push({
        severity: "error",
        fault: fault("NvmlGpuFailed", { index, problem }),
        evidence: [`NVML: GPU ${index} (${pciAddress ?? "address not told"}): ${problem}`],
      })
  return asked.value
}

const matchByAddress = (report: NvmlReport | undefined): ReadonlyMap<string, NvmlGpu> =>
  new Map(
    (report?.gpus ?? []).flatMap((gpu) =>
      gpu.pciAddress === undefined ? [] : [[gpu.pciAddress, gpu] as const],
    ),
  )

/** Files first; NVML fills what they leave open. */
function completeGpu(
  gpu: Gpu,
  told: NvmlGpu | undefined,
  instances: readonly { readonly minor: number }[],
): Gpu {
  const nvml = <T>(value: T | undefined): Sourced<T> | undefined =>
    value === undefined ? undefined : { value, source: "NVML" }
  const hasInstance = gpu.minor !== undefined && instances.some(({ minor }) => minor === gpu.minor?.value)
  const isMigEnabled =
    nvml(told?.isMigEnabled) ??
    (hasInstance ? { value: true, source: hostPath("/proc/driver/nvidia-caps/mig-minors") } : undefined)
  const named = gpu.model === undefined ? describeModel(nvml(told?.name)) : gpu
  return {
    ...gpu,
    model: named.model,
    architecture: named.architecture,
    computeCapability: named.computeCapability ?? nvml(told?.computeCapability),
    brand: nvml(told?.brand) ?? named.brand,
    uuid: gpu.uuid ?? nvml(told?.uuid),
    isMigEnabled,
  }
}
