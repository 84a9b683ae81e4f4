/**
 * Whether a machine's nodes are those that its drivers have now, and whether one is missing that a loaded driver needs.
 * Source: facts, nvidia-container-cli §2.2, §2.4, §2.5; toolkit §5.3; the kernel's list of devices for DRM.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { readFault } from "../host/resolve-path.ts"
import { hostPath } from "../text/brand.ts"
import type { Gpu, NodeFact, SupportNodes } from "./inventory.ts"
import type { ObservedGpus } from "./observe-gpus.ts"
import { presentNodes } from "./present-nodes.ts"

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

/** Of all DRM nodes, on every machine. */
const drmMajor = 226

/** What is wrong with the numbers of nodes that are there. Order: minors that GPUs share, then nodes as presentNodes has them. */
export const checkNodeNumbers = (
  nodes: SupportNodes,
  gpus: readonly Gpu[],
  majors: Readonly<Record<string, number>>,
): readonly Finding[] => [
  ...checkSharedMinors(gpus),
  ...presentNodes({ nodes, gpus }).flatMap((node) => checkNumbers(node, majors)),
]

/** Two GPUs that say the same minor are one node to whoever opens it. */
function checkSharedMinors(gpus: readonly Gpu[]): readonly Finding[] {
  const byMinor = Map.groupBy(gpus, ({ minor }) => minor?.value)
  return [...byMinor].flatMap(([minor, sharing]): readonly Finding[] => {
    if (minor === undefined || sharing.length < 2) return []
    const pciAddresses = sharing.map(({ pciAddress }) => pciAddress)
    return [
      {
        severity: "error",
        fault: fault("GpuMinorShared", { minor, pciAddresses }),
        evidence: sharing.map((gpu) => `${gpu.minor?.source}: Device Minor ${minor}`),
      },
    ]
  })
}

/** Numbers of another device, or of an earlier load of a module. One finding, or none. */
function checkNumbers(
  { path, major, minor }: NodeFact,
  majors: Readonly<Record<string, number>>,
): readonly Finding[] {
  const names = registrations.find(([pattern]) => pattern.test(path))?.[1] ?? []
  const name = names.find((one) => Object.hasOwn(majors, one))
  const registered = name === undefined ? undefined : majors[name]
  const isDrm = path.startsWith("/dev/dri/")
  const minorOfName = expectedMinor(path)
  // Who asks for one device must not be given another.
  if ((minorOfName !== undefined && minorOfName !== minor) || (isDrm && major !== drmMajor)) {
    const expected = `${isDrm ? drmMajor : (registered ?? major)}:${minorOfName ?? minor}`
    const has = `${major}:${minor}`
    return [
      {
        severity: "error",
        fault: fault("DeviceNodeWrong", { path, has, expected }),
        evidence: [`${path}: ${has}`],
      },
    ]
  }
  if (name === undefined || registered === undefined || registered === major) return []
  return [
    {
      severity: "error",
      fault: fault("DeviceMajorStale", { path, has: major, registered, name }),
      evidence: [`${path}: major ${major}`, `/proc/devices: ${registered} ${name}`],
    },
  ]
}

/** Control nodes that a loaded driver must have; without a driver nothing is missing. */
export function checkControlNodes(
  nodes: SupportNodes,
  modules: readonly string[],
  majors: Readonly<Record<string, number>>,
): readonly Finding[] {
  const findings: Finding[] = []
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
  return findings
}

/** Nodes that the kernel has for a GPU and `/dev` has not: only programs that draw miss them. */
export const checkDrmNodes = (absent: ObservedGpus["absentDrm"]): readonly Finding[] =>
  absent.map(({ path, pciAddress }) => ({
    severity: "note",
    fault: fault("DeviceNodeMissing", { path, neededBy: `programs that draw on GPU ${pciAddress}` }),
    evidence: [`${path}: absent`],
  }))
