/**
 * Nodes beside the GPUs' own, and whether their numbers are those that the drivers have now.
 * Source: facts, nvidia-container-cli §2.2, §2.4; toolkit §5.3, §5.7; proc(5) on /proc/devices.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { readFault } from "../host/resolve-path.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import type { Gpu, ImexChannel, Inventory, NodeFact, SupportNodes } from "./inventory.ts"
import type { ObservedGpus } from "./observe-gpus.ts"
import { observePlatformEntries } from "./platform-list.ts"
import { presentNodes } from "./present-nodes.ts"
import { byNumber, namesIn, observeNode, readText } from "./proc-text.ts"

const controlNames = ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"]

/** Nodes of services beside the driver, which are none of its own. */
const besideDriver = /^nvidia-(?:fs|nvswitch|nvlink)/

export function observeSupportNodes(host: Host, gpus: readonly Pick<Gpu, "node">[]): SupportNodes {
  const names = namesIn(host, "/dev")
  const nodes = (directory: string, candidates: readonly string[], pattern: RegExp): readonly NodeFact[] =>
    candidates
      .filter((name) => pattern.test(name))
      .sort(byNumber)
      .flatMap((name) => observeNode(host, `${directory}/${name}`) ?? [])
  const within = (directory: string, pattern: RegExp): readonly NodeFact[] =>
    nodes(directory, namesIn(host, directory), pattern)
  const known = new Set([
    ...controlNames.map((name) => `/dev/${name}`),
    ...gpus.map(({ node }) => node?.path ?? ""),
  ])
  const other = names.filter(
    (name) => name.startsWith("nvidia") && !besideDriver.test(name) && !known.has(`/dev/${name}`),
  )
  return {
    control: controlNames.flatMap((name) => observeNode(host, `/dev/${name}`) ?? []),
    capabilities: within("/dev/nvidia-caps", /^nvidia-cap\d{1,7}$/),
    imexChannels: within("/dev/nvidia-caps-imex-channels", /^channel\d{1,7}$/).map(
      (node): ImexChannel => ({ channel: Number(/(\d+)$/.exec(node.path)?.[1]), node }),
    ),
    nvswitch: nodes("/dev", names, /^nvidia-nvswitch(ctl|\d{1,7})$/),
    nvlink: nodes("/dev", names, /^nvidia-nvlink$/),
    gds: nodes("/dev", names, /^nvidia-fs\d{1,7}$/),
    gdrcopy: nodes("/dev", names, /^gdrdrv$/),
    mofed: within("/dev/infiniband", /^(uverbs\d{1,7}|rdma_cm)$/),
    other: nodes("/dev", other, /./),
    tegra: observePlatformEntries(host).nodes,
    dxg: observeNode(host, "/dev/dxg"),
  }
}

/** Directories in which nodes appear and go. `/dev` is none of them: every loop device of a machine comes and goes there. */
const nodeDirectories = [
  "/dev/dri",
  "/dev/dri/by-path",
  "/dev/nvidia-caps",
  "/dev/nvidia-caps-imex-channels",
  "/dev/infiniband",
]

/** Where the nodes of a machine are, would be, or would come to be. */
export function nodePlaces({ nodes, gpus }: Pick<Inventory, "nodes" | "gpus">): readonly HostPath[] {
  /** Those that are there, and the one that would be next. */
  const numbered = (stem: string, present: readonly NodeFact[]): readonly string[] =>
    Array.from({ length: present.length + 1 }, (_, number) => `/dev/${stem}${number}`)
  return [
    ...nodeDirectories,
    ...[...controlNames, "nvidia-nvswitchctl", "nvidia-nvlink", "gdrdrv", "dxg"].map(
      (name) => `/dev/${name}`,
    ),
    ...numbered("nvidia-nvswitch", nodes.nvswitch),
    ...numbered("nvidia-fs", nodes.gds),
    ...gpus.flatMap(({ minor, drm }) => [
      ...(minor === undefined ? [] : [`/dev/nvidia${minor.value}`]),
      ...drm.map(({ node }) => node.path),
    ]),
    ...[
      ...nodes.capabilities,
      ...nodes.imexChannels.map(({ node }) => node),
      ...nodes.nvswitch,
      ...nodes.gds,
      ...nodes.mofed,
      ...nodes.other,
      ...nodes.tegra,
    ].map(({ path }) => path),
  ].map(hostPath)
}

/** Names under which the driver and its companions register. */
const registeredNames = [
  "nvidia",
  "nvidia-frontend",
  "nvidiactl",
  "nvidia-uvm",
  "nvidia-modeset",
  "nvidia-caps",
  "nvidia-caps-imex-channels",
  "nvidia-nvswitch",
  "nvidia-nvlink",
  "nvidia-fs",
  "gdrdrv",
]

/** Majors of character devices by name. */
export function observeMajors(host: Host): Readonly<Record<string, number>> {
  const majors: Record<string, number> = {}
  for (const line of (readText(host, "/proc/devices") ?? "").split("\n")) {
    if (line.startsWith("Block devices")) break
    const [, number = "", name = ""] = /^\s*(\d{1,7}) (\S+)\s*$/.exec(line) ?? []
    if (registeredNames.includes(name)) majors[name] = Number(number)
  }
  return majors
}

/** Which registration each node must agree with; the first that exists counts. */
const registrations: readonly (readonly [pattern: RegExp, names: readonly string[]])[] = [
  [/^\/dev\/nvidia(\d+|ctl|-modeset)$/, ["nvidia", "nvidia-frontend", "nvidiactl"]],
  [/^\/dev\/nvidia-uvm(-tools)?$/, ["nvidia-uvm"]],
  [/^\/dev\/nvidia-caps\//, ["nvidia-caps"]],
  [/^\/dev\/nvidia-caps-imex-channels\//, ["nvidia-caps-imex-channels"]],
  [/^\/dev\/nvidia-nvswitch/, ["nvidia-nvswitch"]],
  [/^\/dev\/nvidia-fs/, ["nvidia-fs"]],
  [/^\/dev\/gdrdrv$/, ["gdrdrv"]],
]

/** Numbers that the drivers give by name. Source: facts, nvidia-container-cli §2.2, §2.5; the kernel's list of devices for DRM. */
function expectedMinor(path: string): number | undefined {
  const fixed: Readonly<Record<string, number>> = {
    "/dev/nvidiactl": 255,
    "/dev/nvidia-modeset": 254,
    "/dev/nvidia-uvm": 0,
    "/dev/nvidia-uvm-tools": 1,
    "/dev/nvidia-nvswitchctl": 255,
  }
  if (Object.hasOwn(fixed, path)) return fixed[path]
  const number =
    /^\/dev\/(?:nvidia|nvidia-nvswitch|nvidia-caps\/nvidia-cap|nvidia-caps-imex-channels\/channel|dri\/card|dri\/renderD)(\d+)$/
  const match = number.exec(path)
  return match === null ? undefined : Number(match[1])
}

const drmMajor = 226

/** What is wrong with nodes: numbers of an earlier load of a module, or of another device. */
export function checkNodes(
  nodes: SupportNodes,
  gpus: readonly Gpu[],
  majors: Readonly<Record<string, number>>,
  findings: Finding[],
): void {
  const every = presentNodes({ nodes, gpus })
  const byMinor = Map.groupBy(gpus, ({ minor }) => minor?.value)
  for (const [minor, sharing] of byMinor)
    if (minor !== undefined && sharing.length > 1)
      findings.push({
        severity: "error",
        fault: fault("GpuMinorShared", { minor, pciAddresses: sharing.map(({ pciAddress }) => pciAddress) }),
        evidence: sharing.map((gpu) => `${gpu.minor?.source}: Device Minor ${minor}`),
      })
  for (const { path, major, minor } of every) {
    const names = registrations.find(([pattern]) => pattern.test(path))?.[1] ?? []
    const name = names.find((one) => Object.hasOwn(majors, one))
    const registered = name === undefined ? undefined : majors[name]
    const right = path.startsWith("/dev/dri/") ? drmMajor : (registered ?? major)
    const expected = expectedMinor(path)
    // Who asks for one device must not be given another.
    if (
      (expected !== undefined && expected !== minor) ||
      (path.startsWith("/dev/dri/") && major !== drmMajor)
    )
      findings.push({
        severity: "error",
        fault: fault("DeviceNodeWrong", {
          path,
          has: `${major}:${minor}`,
          expected: `${right}:${expected ?? minor}`,
        }),
        evidence: [`${path}: ${major}:${minor}`],
      })
    else if (name !== undefined && registered !== undefined && registered !== major)
      findings.push({
        severity: "error",
        fault: fault("DeviceMajorStale", { path, has: major, registered, name }),
        evidence: [`${path}: major ${major}`, `/proc/devices: ${registered} ${name}`],
      })
  }
}

/** Control nodes that a loaded driver must have; without a driver nothing is missing. */
export function checkControlNodes(
  nodes: SupportNodes,
  modules: readonly string[],
  majors: Readonly<Record<string, number>>,
  findings: Finding[],
): void {
  const has = (name: string): boolean => nodes.control.some(({ path }) => path === `/dev/${name}`)
  const missing = (name: string, neededBy: string, severity: Finding["severity"]): void => {
    const path = hostPath(`/dev/${name}`)
    findings.push({
      severity,
      fault: fault("DeviceNodeMissing", { path, neededBy }),
      evidence: [`${path}: absent`],
    })
  }
  if (!has("nvidiactl")) missing("nvidiactl", "every GPU container", "error")
  const hasUvm = Object.hasOwn(majors, "nvidia-uvm")
  if (hasUvm && !has("nvidia-uvm")) missing("nvidia-uvm", "every CUDA program", "error")
  if (hasUvm && !has("nvidia-uvm-tools")) missing("nvidia-uvm-tools", "profilers of unified memory", "note")
  if (modules.includes("nvidia_modeset") && !has("nvidia-modeset"))
    missing("nvidia-modeset", "programs that set display modes", "note")
  if (Object.keys(majors).length === 0)
    findings.push({
      severity: "note",
      fault: readFault("/proc/devices", "read", "ENODATA"),
      evidence: ["/proc/devices: no NVIDIA device number, so that stale ones cannot be told"],
    })
}

/** Nodes that the kernel has for a GPU and `/dev` has not: only programs that draw miss them. */
export const drmFindings = (absent: ObservedGpus["absentDrm"]): readonly Finding[] =>
  absent.map(({ path, pciAddress }) => ({
    severity: "note",
    fault: fault("DeviceNodeMissing", { path, neededBy: `programs that draw on GPU ${pciAddress}` }),
    evidence: [`${path}: absent`],
  }))
