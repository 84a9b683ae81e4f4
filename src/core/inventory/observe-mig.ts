/**
 * MIG instances. That they exist is told by the driver's capability files (or, where those are not shown, by capability nodes that
 * exist); what NVML alone knows of them: describe-mig.ts.
 * Source: facts, nvidia-container-cli §2.2, §2.5 (G in `gpuG` is the GPU's minor).
 */

import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import type { Gpu, NodeFact } from "./inventory.ts"
import { byNumber, namesIn } from "./names-in.ts"
import { readText } from "./proc-text.ts"

export const capabilityDirectory = "/proc/driver/nvidia/capabilities"
/** The driver's own limit is 8 devices of 14 instances a GPU; a tree that claims more is not followed. */
const instanceLimit = 128

export interface MigInstance {
  readonly minor: number
  readonly gpuInstance: number
  readonly computeInstance: number
}

/** Name of a capability → number of its node: `gpu0/gi1/ci0/access` → 4. */
export type MigMinors = ReadonlyMap<string, number>

export function observeMigMinors(host: Host): MigMinors {
  const minors = new Map<string, number>()
  for (const line of (readText(host, "/proc/driver/nvidia-caps/mig-minors") ?? "").split("\n")) {
    const match = /^(\S+) (\d{1,7})$/.exec(line)
    if (match !== null) minors.set(match[1] ?? "", Number(match[2]))
  }
  return minors
}

/** The instances of every usable GPU. Order: by GPU, GPU instance, compute instance. */
export function observeMigInstances(
  host: Host,
  gpus: readonly Gpu[],
  minors: MigMinors,
  capabilityNodes: readonly NodeFact[],
): readonly MigInstance[] {
  const usable = gpus.flatMap(({ state, minor }) =>
    state === "usable" && minor !== undefined ? [minor.value] : [],
  )
  // A recording of an older version was asked for each GPU, and not for all.
  const listed = host.readDir(hostPath(capabilityDirectory))
  const mayHave = (minor: number): boolean => !listed.ok || listed.value.includes(`gpu${minor}`)
  const shown = usable.filter(mayHave).flatMap((minor) => instancesShown(host, minor))
  return shown.length > 0 ? shown : instancesByNode(usable, minors, capabilityNodes)
}

function instancesShown(host: Host, minor: number): readonly MigInstance[] {
  const directory = `${capabilityDirectory}/gpu${minor}/mig`
  const numbered = (names: readonly string[], prefix: string): readonly number[] =>
    names
      .filter((name) => new RegExp(`^${prefix}\\d{1,3}$`).test(name))
      .sort(byNumber)
      .slice(0, instanceLimit)
      .map((name) => Number(name.slice(prefix.length)))
  return numbered(namesIn(host, directory), "gi").flatMap((gpuInstance) =>
    numbered(namesIn(host, `${directory}/gi${gpuInstance}`), "ci").map((computeInstance) => ({
      minor,
      gpuInstance,
      computeInstance,
    })),
  )
}

/** Where MIG instances appear and go. Order: GPUs, GPU instances, compute instances. */
export function migPlaces(host: Host): readonly HostPath[] {
  const below = (directory: string, prefix: string): readonly string[] =>
    namesIn(host, directory)
      .filter((name) => new RegExp(`^${prefix}\\d{1,7}$`).test(name))
      .slice(0, instanceLimit)
      .map((name) => `${directory}/${name}`)
  const gpus = below(capabilityDirectory, "gpu").map((gpu) => `${gpu}/mig`)
  const gpuInstances = gpus.flatMap((gpu) => below(gpu, "gi"))
  const computeInstances = gpuInstances.flatMap((instance) => below(instance, "ci"))
  return [capabilityDirectory, ...gpus, ...gpuInstances, ...computeInstances].map(hostPath)
}

/** The list of numbers names every instance that could be; one whose two nodes exist is there. */
function instancesByNode(
  usable: readonly number[],
  minors: MigMinors,
  capabilityNodes: readonly NodeFact[],
): readonly MigInstance[] {
  const usableMinors = new Set(usable)
  const present = new Set(capabilityNodes.map(({ path }) => Number(/(\d+)$/.exec(path)?.[1])))
  const found: MigInstance[] = []
  for (const [name, number] of minors) {
    const match = /^gpu(\d{1,7})\/gi(\d{1,7})\/ci(\d{1,7})\/access$/.exec(name)
    if (match === null || !present.has(number)) continue
    const [minor, gpuInstance, computeInstance] = match.slice(1).map(Number) as [number, number, number]
    const parent = minors.get(`gpu${minor}/gi${gpuInstance}/access`)
    if (usableMinors.has(minor) && parent !== undefined && present.has(parent))
      found.push({ minor, gpuInstance, computeInstance })
  }
  return found.sort(
    (one, other) =>
      one.minor - other.minor ||
      one.gpuInstance - other.gpuInstance ||
      one.computeInstance - other.computeInstance,
  )
}
