/**
 * MIG devices: instances that files or NVML tell of, with their UUIDs and profiles, which NVML alone knows, and their nodes.
 * Source: facts, nvidia-container-cli §2.2, §2.5.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import type { Gpu, MigDevice, NodeFact, Sourced } from "./inventory.ts"
import type { NvmlGpu, NvmlMigDevice } from "./nvml-report.ts"
import { capabilityDirectory, type MigInstance, type MigMinors } from "./observe-mig.ts"
import { observeNode } from "./observe-node.ts"
import { readFields } from "./proc-text.ts"

/** An instance under the number by which it is selected. */
interface NumberedInstance extends Omit<MigInstance, "minor"> {
  readonly index: number
  /** What NVML tells of it; undefined: it does not know it, or was not asked. */
  readonly nvml: NvmlMigDevice | undefined
}

interface KnownInstances {
  /** As files tell. */
  readonly instances: readonly MigInstance[]
  /** As NVML tells: its GPUs by PCI address. */
  readonly told: ReadonlyMap<string, NvmlGpu>
  readonly minors: MigMinors
}

/**
 * Instances, joined with what NVML tells of them. A MIG device that only one of the two knows is listed all the same. What is found goes to
 * `findings` at once, as in observeGpus. Order: by GPU, then as numberInstances.
 */
export function describeMigDevices(
  host: Host,
  gpus: readonly Gpu[],
  { instances, told, minors }: KnownInstances,
  findings: Finding[],
): readonly MigDevice[] {
  return gpus.flatMap(({ index: gpuIndex, minor, pciAddress }): readonly MigDevice[] => {
    if (gpuIndex === undefined || minor === undefined) return []
    const seen = instances.filter((one) => one.minor === minor.value)
    const numbered = numberInstances(seen, told.get(pciAddress)?.migDevices ?? [])
    return numbered.map((instance) =>
      describeMigDevice(host, { gpuIndex, minor: minor.value }, instance, minors, findings),
    )
  })
}

function describeMigDevice(
  host: Host,
  { gpuIndex, minor }: { readonly gpuIndex: number; readonly minor: number },
  { gpuInstance, computeInstance, nvml, index }: NumberedInstance,
  minors: MigMinors,
  findings: Finding[],
): MigDevice {
  const place = `gpu${minor}/gi${gpuInstance}`
  const parts = [`${place}/access`, `${place}/ci${computeInstance}/access`] as const
  const [gpuInstanceNode, computeInstanceNode] = parts.map((part) => {
    const { node, finding } = observeCapabilityNode(host, part, minors, `${gpuIndex}:${index}`)
    findings.push(...finding)
    return node
  })
  const sourced = (value: string | undefined): Sourced<string> | undefined =>
    value === undefined ? undefined : { value, source: "NVML" }
  return {
    gpuIndex,
    index,
    gpuInstance,
    computeInstance,
    uuid: sourced(nvml?.uuid),
    profile: sourced(nvml?.profile),
    gpuInstanceNode,
    computeInstanceNode,
    accessFiles: parts.map(accessFile).filter((path) => host.exists(path)),
  }
}

/** Of one GPU. Order: those that NVML knows, as it has them; then the others. */
function numberInstances(
  seen: readonly MigInstance[],
  known: readonly NvmlMigDevice[],
): readonly NumberedInstance[] {
  const untold = seen.filter(
    (one) =>
      !known.some(
        (other) => one.gpuInstance === other.gpuInstance && one.computeInstance === other.computeInstance,
      ),
  )
  // NVML's slots may have empty ones between them; what it does not know comes behind the last.
  const firstFree = known.reduce((next, { slot }) => Math.max(next, slot + 1), 0)
  return [
    ...known.map((nvml) => ({
      gpuInstance: nvml.gpuInstance,
      computeInstance: nvml.computeInstance,
      index: nvml.slot,
      nvml,
    })),
    ...untold.map(({ gpuInstance, computeInstance }, place) => ({
      gpuInstance,
      computeInstance,
      index: firstFree + place,
      nvml: undefined,
    })),
  ]
}

/** `gpu0/gi1/access` → /proc/driver/nvidia/capabilities/gpu0/mig/gi1/access. */
const accessFile = (part: string): HostPath =>
  hostPath(`${capabilityDirectory}/${part.replace("/", "/mig/")}`)

interface ObservedCapability {
  readonly node: NodeFact | undefined
  /** That there is none. One, or none. */
  readonly finding: readonly Finding[]
}

/** `part`: of a MIG device, which `device` names. */
function observeCapabilityNode(
  host: Host,
  part: string,
  minors: MigMinors,
  device: string,
): ObservedCapability {
  const told = readFields(host, accessFile(part)).get("DeviceFileMinor")
  const number = told !== undefined && /^\d{1,7}$/.test(told) ? Number(told) : minors.get(part)
  const path = hostPath(`/dev/nvidia-caps/nvidia-cap${number ?? "?"}`)
  const node = number === undefined ? undefined : observeNode(host, path)
  if (node !== undefined) return { node, finding: [] }
  const evidence = [`${part}: ${number === undefined ? "no number known" : `minor ${number}`}`]
  return {
    node,
    finding: [{ severity: "error", fault: fault("MigNodeMissing", { device, path }), evidence }],
  }
}
