/**
 * The GPUs: from the driver's directory in proc, then from the bus for those that it does not list.
 * Source: what the driver's kernel module writes (facts, nvidia-container-cli §5); the kernel's documentation of sysfs.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName } from "../text/path.ts"
import { type describeModel, rememberModels } from "./describe-model.ts"
import { type DriverFacts, minorIn, modelIn, stateOf, uuidIn } from "./driver-facts.ts"
import { productOf } from "./gpu-model.ts"
import type { Gpu, Sourced } from "./inventory.ts"
import { namesIn } from "./names-in.ts"
import { observeDrm } from "./observe-drm.ts"
import { observeNode } from "./observe-node.ts"
import { readFields, readMatch, readText } from "./proc-text.ts"

const driverDirectory = "/proc/driver/nvidia/gpus"
const busDirectory = "/sys/bus/pci/devices"
/** More functions than any machine's buses have; a tree that claims more is not walked to its end. */
const busLimit = 8192
/** More GPUs than any driver drives. */
const gpuLimit = 1024

export interface ObservedGpus {
  /** Order: by PCI address. */
  readonly gpus: readonly Gpu[]
  /** DRM nodes that the kernel has and `/dev` has not. Order: by PCI address. */
  readonly absentDrm: readonly AbsentNode[]
}

interface AbsentNode {
  readonly path: HostPath
  readonly pciAddress: string
}

/** What is found goes to `findings` at once, where unreadable files are noted too: both are told in the order in which they were met. */
export function observeGpus(host: Host, findings: Finding[]): ObservedGpus {
  const look: Look = { host, findings, describe: rememberModels() }
  const listed = host.readDir(hostPath(driverDirectory))
  const driven = listed.ok ? listed.value.slice(0, gpuLimit) : []
  const known = new Set(driven.map((name) => name.toLowerCase()))
  // Where the driver's list cannot be read, nobody knows which are.
  const isTold = listed.ok || (listed.fault.tag === "HostReadFailed" && listed.fault.data.reason === "absent")
  const undriven = (isTold ? namesIn(host, busDirectory) : [])
    .slice(0, busLimit)
    .filter((address) => !known.has(address.toLowerCase()) && isGpuOnBus(host, address))
    .slice(0, gpuLimit)
  const observed = [
    ...driven.map((name) => observeDriven(look, name)),
    ...undriven.map((address) => observeUndriven(look, address)),
  ]
  const gpus = observed.map(({ gpu }) => gpu).sort(byPciAddress)
  let index = 0
  return {
    gpus: gpus.map((gpu) => (gpu.state === "usable" ? { ...gpu, index: index++ } : gpu)),
    absentDrm: observed.flatMap(({ absentDrm }) => absentDrm).sort(byPciAddress),
  }
}

/** What is known while one GPU after the other is looked at. */
interface Look {
  readonly host: Host
  readonly findings: Finding[]
  readonly describe: typeof describeModel
}

interface ObservedGpu {
  /** Without its index, which depends on the others. */
  readonly gpu: Gpu
  readonly absentDrm: readonly AbsentNode[]
}

/** Domains of eight digits come after those of four, as numbers do. */
export function comparePciAddresses(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0)
}

const byPciAddress = (
  { pciAddress: one }: Pick<Gpu, "pciAddress">,
  { pciAddress: other }: Pick<Gpu, "pciAddress">,
): number => comparePciAddresses(one, other)

/** A display controller of NVIDIA's: VGA (0300) or 3D (0302). */
function isGpuOnBus(host: Host, address: string): boolean {
  const vendor = readText(host, `${busDirectory}/${address}/vendor`)
  return (
    vendor?.trim() === "0x10de" &&
    readText(host, `${busDirectory}/${address}/class`)?.trim().startsWith("0x03") === true
  )
}

function observeDriven({ host, findings, describe }: Look, name: string): ObservedGpu {
  const procDirectory = hostPath(`${driverDirectory}/${name}`)
  const path = hostPath(`${procDirectory}/information`)
  const facts = readFields(host, path)
  const sourced = <T>(value: T | undefined): Sourced<T> | undefined =>
    value === undefined ? undefined : { value, source: path }
  const minor = minorIn(facts)
  const state = stateOf(facts)
  const node = minor === undefined ? undefined : observeNode(host, `/dev/nvidia${minor}`)
  const pciAddress = name.toLowerCase()
  findings.push(...checkDriven({ state, pciAddress, minor, node }, path, facts))
  const model = sourced(modelIn(facts)) ?? productOnBus(host, name)
  const numaNode = observeNumaNode(host, name)
  const { drm, absent } = observeDrm(host, `${busDirectory}/${name}`, name)
  const gpu: Gpu = {
    index: undefined,
    state,
    pciAddress,
    minor: sourced(minor),
    uuid: sourced(uuidIn(facts)),
    ...describe(model),
    numaNode,
    isMigEnabled: undefined,
    node,
    procDirectory,
    drm,
  }
  return { gpu, absentDrm: absent.map((place) => ({ path: place, pciAddress: name })) }
}

interface DrivenGpu extends Pick<Gpu, "state" | "pciAddress" | "node"> {
  readonly minor: number | undefined
}

/** What is wrong with a GPU that the driver lists, by its file of facts. One, or none. */
function checkDriven(
  { state, pciAddress, minor, node }: DrivenGpu,
  path: HostPath,
  facts: DriverFacts,
): readonly Finding[] {
  const found = (severity: Finding["severity"], one: Finding["fault"], evidence: string) => [
    { severity, fault: one, evidence: [`${path}: ${evidence}`] },
  ]
  if (state === "broken") {
    const evidence = facts.size === 0 ? "empty or unreadable" : "no Device Minor"
    return found("error", fault("GpuUnreadable", { pciAddress, path }), evidence)
  }
  if (state === "excluded") return found("note", fault("GpuExcluded", { pciAddress }), "GPU Excluded: Yes")
  if (node !== undefined) return []
  const missing = { path: hostPath(`/dev/nvidia${minor}`), neededBy: `GPU ${pciAddress}` }
  return found("error", fault("DeviceNodeMissing", missing), `Device Minor ${minor}`)
}

function observeUndriven({ host, findings, describe }: Look, address: string): ObservedGpu {
  const link = host.readLink(hostPath(`${busDirectory}/${address}/driver`))
  const driver = link.ok ? baseName(link.value) : undefined
  findings.push({
    severity: "note",
    fault: fault("GpuUndriven", { pciAddress: address, driver: driver === "nvidia" ? undefined : driver }),
    evidence: [`${driverDirectory}: no ${address}`],
  })
  const model = productOnBus(host, address)
  const numaNode = observeNumaNode(host, address)
  const { drm, absent } = observeDrm(host, `${busDirectory}/${address}`, address)
  const gpu: Gpu = {
    index: undefined,
    state: "undriven",
    pciAddress: address,
    minor: undefined,
    uuid: undefined,
    ...describe(model),
    numaNode,
    isMigEnabled: undefined,
    node: undefined,
    procDirectory: undefined,
    drm,
  }
  return { gpu, absentDrm: absent.map((path) => ({ path, pciAddress: address })) }
}

function productOnBus(host: Host, address: string): Sourced<string> | undefined {
  const device = readText(host, `${busDirectory}/${address}/device`)
  const product = device === undefined ? undefined : productOf(device)
  return product === undefined ? undefined : { value: product, source: "table of GPU models" }
}

function observeNumaNode(host: Host, address: string): Sourced<number> | undefined {
  const found = readMatch(host, hostPath(`${busDirectory}/${address}/numa_node`), /^\s*(\d{1,7})\s*$/)
  return found === undefined ? undefined : { value: Number(found.value), source: found.source }
}

/** The files that tell of GPUs, but for what no start needs to know at once: a NUMA node, nodes that /dev does not have yet. */
export const gpuPlaces = (gpus: readonly Gpu[]): readonly HostPath[] =>
  gpus.flatMap(({ procDirectory }) =>
    procDirectory === undefined ? [] : [hostPath(`${procDirectory}/information`)],
  )
