/**
 * The whole inventory of a machine. No node is opened and no vendor library is loaded here:
 *   what files tell is looked at
 *   what they leave open is asked of NVML through the Host port, where it is (nvml-question.ts)
 *   with its answer, or without, GPUs and MIG devices are completed and everything is checked
 * Source: what the driver's kernel module writes (facts, nvidia-container-cli §5).
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { isUnread } from "../fault/may-pass.ts"
import { nodePlace, withDevRoot } from "../host/dev-root.ts"
import type { Host } from "../host/host.ts"
import { noteUnreadable } from "../host/note-unreadable.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { checkControlNodes, checkDrmNodes, checkNodeNumbers } from "./check-machine-nodes.ts"
import { completeGpus, matchByAddress } from "./complete-gpus.ts"
import { describeMigDevices } from "./describe-mig.ts"
import { cudaVersionOf } from "./driver-branch.ts"
import { channelPlaces, tellingPlaces, versionPlaces } from "./find-unread.ts"
import type { Inventory, Platform, Sourced, SupportNodes } from "./inventory.ts"
import { hasBoardFiles, isOwnGpuUsed } from "./is-tegra.ts"
import { describeMigRights } from "./mig-rights.ts"
import { planNvmlQuestion, readAnswer } from "./nvml-question.ts"
import type { NvmlReport } from "./nvml-report.ts"
import { type ObservedGpus, observeGpus } from "./observe-gpus.ts"
import { type MigInstance, type MigMinors, observeMigInstances, observeMigMinors } from "./observe-mig.ts"
import { observeMajors, observeSupportNodes } from "./observe-nodes.ts"
import { observeSockets } from "./observe-sockets.ts"
import { observeVersion } from "./observe-version.ts"
import { defaultListDirectory, findPlatformLists, observePlatformEntries } from "./platform-list.ts"
import { cudaOfTegra, findBoardGpu } from "./tegra.ts"

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
  const seen = observeFiles(host, findings)
  // A board can be told by its lists alone.
  const mayBeBoard = seen.isBoard || findPlatformLists(host, hostPath(platformLists)).length > 0
  const question = planNvmlQuestion(seen, { asksMigMode, mayBeBoard })
  const answer = question.isAsked ? host.askNvml({ driverRoot, ldcache, searchPaths }) : undefined
  return {
    platform: seen.platform,
    kernelModuleVersion: seen.kernelModuleVersion,
    complete() {
      const report = answer === undefined ? undefined : readAnswer(answer(), question, findings)
      return completeInventory(host, seen, report, { driverRoot, devRoot, findings })
    },
  }
}

/** What files tell. */
interface SeenInventory extends ObservedGpus, Pick<Inventory, "kernelModuleVersion" | "modules" | "majors"> {
  readonly nodes: SupportNodes
  readonly migMinors: MigMinors
  readonly migInstances: readonly MigInstance[]
  /** Of the driver's branch. undefined: no table has it. */
  readonly branchCuda: string | undefined
  /** It is a Tegra board, whichever of its GPUs it uses. */
  readonly isBoard: boolean
  /** A board that uses a discrete GPU alone counts as native: its lists still name the board's nodes. */
  readonly platform: Platform
}

function observeFiles(host: Host, findings: Finding[]): SeenInventory {
  const kernelModuleVersion = observeVersion(host)
  const { gpus, absentDrm } = observeGpus(host, findings)
  const nodes = observeSupportNodes(host, gpus)
  const majors = observeMajors(host)
  const modules = moduleNames.filter((name) => host.exists(hostPath(`/sys/module/${name}`)))
  const migMinors = observeMigMinors(host)
  const migInstances = observeMigInstances(host, gpus, migMinors, nodes.capabilities)
  const branchCuda = kernelModuleVersion === undefined ? undefined : cudaVersionOf(kernelModuleVersion.value)
  const isBoard = hasBoardFiles(host)
  const isWindows = nodes.dxg !== undefined && kernelModuleVersion === undefined
  const platform = isBoard && isOwnGpuUsed(host) ? "tegra" : isWindows ? "wsl" : "native"
  return {
    kernelModuleVersion,
    gpus,
    absentDrm,
    nodes,
    majors,
    modules,
    migMinors,
    migInstances,
    branchCuda,
    isBoard,
    platform,
  }
}

interface Completion extends Pick<InventoryOptions, "driverRoot"> {
  readonly devRoot: HostPath
  /** Those that there are by now; what is found besides is added. */
  readonly findings: Finding[]
}

/** `report`: undefined where NVML was not asked or has not answered. */
function completeInventory(
  host: Host,
  seen: SeenInventory,
  report: NvmlReport | undefined,
  { driverRoot, devRoot, findings }: Completion,
): Inventory {
  const { kernelModuleVersion, nodes, majors, modules, migMinors, migInstances } = seen
  const told = matchByAddress(report)
  const boardGpu = findBoardGpu(report)
  const gpus = completeGpus(seen.gpus, { told, migInstances, boardGpu })
  const platform = seen.isBoard && boardGpu !== undefined ? "tegra" : seen.platform
  for (const { state, uuid, pciAddress, procDirectory } of gpus)
    if (state === "usable" && uuid === undefined)
      findings.push({
        severity: "warning",
        fault: fault("GpuUuidUnknown", { pciAddress }),
        evidence: [`${procDirectory}/information: no UUID`],
      })
  findings.push(
    ...checkNodeNumbers(nodes, gpus, majors),
    ...checkDrmNodes(seen.absentDrm),
    ...(kernelModuleVersion === undefined ? [] : checkControlNodes(nodes, modules, majors)),
  )
  if (nodes.tegra.length > 0) findings.push(...observePlatformEntries(host).findings)
  const releaseCuda = platform === "tegra" ? cudaOfTegra(host) : undefined
  const known = { instances: migInstances, told, minors: migMinors }
  const migDevices = describeMigDevices(host, gpus, known, findings)
  const { sockets, findings: ofSockets } = observeSockets(host, driverRoot)
  findings.push(...ofSockets)
  return {
    platform,
    devRoot,
    kernelModuleVersion,
    cudaVersion: chooseCuda(report, releaseCuda, seen.branchCuda),
    modules,
    boardGpu,
    gpus,
    migDevices,
    migRights: describeMigRights(gpus, migMinors),
    nodes,
    gdsFiles: nodes.gds.length === 0 ? [] : gdsFiles.filter((path) => host.exists(path)),
    sockets,
    majors,
    findings: judgeUnread(findings, { devRoot, kernelModuleVersion }),
  }
}

/**
 * What could not be looked at is not known to be missing: it is the cause of what is told of it. Without what the driver tells of its GPUs, or
 * without its version, no start can do.
 */
function judgeUnread(
  findings: readonly Finding[],
  { devRoot, kernelModuleVersion }: Pick<Inventory, "devRoot" | "kernelModuleVersion">,
): readonly Finding[] {
  const unread = findings.map((one) => one.fault).filter(isUnread)
  if (unread.length === 0 && kernelModuleVersion !== undefined) return findings
  return findings.map((one): Finding => {
    const told = one.fault
    if (told.tag === "HostReadFailed") {
      const isTelling =
        isUnread(told) && (tellingPlaces.test(told.data.path) || channelPlaces.test(told.data.path))
      const isVersion = kernelModuleVersion === undefined && versionPlaces.test(told.data.path)
      return isTelling || isVersion ? { ...one, severity: "error" } : one
    }
    if (told.tag !== "DeviceNodeMissing" && told.tag !== "MigNodeMissing") return one
    const place = nodePlace(devRoot, told.data.path)
    // Of looks behind a closed door the door alone tells.
    const cause = unread.find(
      ({ data: { path, reason } }) => path === place || (reason === "denied" && place.startsWith(`${path}/`)),
    )
    return cause === undefined ? one : { ...one, fault: { ...told, cause } }
  })
}

/** Who knows best comes first: NVML, the release of a board's system, the driver's branch. */
function chooseCuda(
  report: NvmlReport | undefined,
  releaseCuda: Sourced<string> | undefined,
  branchCuda: string | undefined,
): Sourced<string> | undefined {
  if (report?.cudaVersion !== undefined) return { value: report.cudaVersion, source: "NVML" }
  if (releaseCuda !== undefined) return releaseCuda
  return branchCuda === undefined ? undefined : { value: branchCuda, source: "table of driver branches" }
}
