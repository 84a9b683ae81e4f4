/**
 * AMD's GPUs: from the bus, their DRM nodes, and the compute driver's topology, which tells which render nodes are devices.
 *   a GPU on the bus that amdgpu drives is one partition by itself: its own DRM nodes
 *   a GPU that is cut has more: platform devices `amdgpu_xcp_N`, each with DRM nodes and no word of whose they are; the topology tells
 *   the kernel makes such devices for all cuts that are possible: those that the topology does not have are spare, and no devices
 * Source: the kernel's amdgpu, amdxcp and amdkfd; for the order, what AMD's container toolkit counts.
 */

import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { HostFiles } from "../../host/host.ts"
import { noteUnreadable } from "../../host/note-unreadable.ts"
import { namesIn } from "../../inventory/names-in.ts"
import { observeNode } from "../../inventory/observe-node.ts"
import { readMatch } from "../../inventory/proc-text.ts"
import { hostPath } from "../../text/brand.ts"
import { type BusFunction, isDriven, observeBus, type Vendor } from "../observe-bus.ts"
import { type DrmContext, drmContext, hasRenderNode, observeDrm, renderMinorOf } from "../observe-drm.ts"
import type { DrmDevice } from "../vendor-gpu.ts"
import { vendorModules, vendorTitles } from "../vendor-names.ts"
import type { AmdGpu, AmdInventory, AmdPartition } from "./inventory.ts"
import { formatUniqueId, observeTopology, type TopologyNode } from "./observe-topology.ts"
import { ownersOfIds } from "./owners-of-ids.ts"

/** Radeons are display controllers, Instincts since MI300 accelerators (1200). */
const amd: Vendor = {
  name: vendorTitles.amd,
  pciVendor: "0x1002",
  classes: ["0x03", "0x1200"],
  drivers: vendorModules.amd,
}

const kfdPath = hostPath("/dev/kfd")
const platformDirectory = "/sys/devices/platform"
/** The kernel's own limit is 64. */
const cutLimit = 1024

export function observeAmd(machine: HostFiles): AmdInventory {
  const findings: Finding[] = []
  const host = noteUnreadable(machine, findings)
  const functions = observeBus(host, amd)
  const driven = functions.filter((one) => isDriven(one, amd, findings))
  if (driven.length === 0)
    return { kfd: undefined, gpus: functions.map((one) => describeGpu(host, one, [])), findings }
  const topology = observeTopology(host, findings)
  const platform = namesIn(host, platformDirectory)
    .filter((name) => /^amdgpu_xcp[._]\d{1,4}$/.test(name))
    .slice(0, cutLimit)
    .map((name) => `${platformDirectory}/${name}`)
  const context = drmContext(host, [...driven.map(({ directory }) => directory), ...platform], findings)
  const cuts = observeCuts(context, platform, driven, topology)
  const gpus = functions.map((one) => {
    if (!driven.includes(one)) return describeGpu(host, one, [])
    const own = observeDrm(context, one.directory, one.pciAddress)
    return describeGpu(host, one, partitionsOf(one, [own, ...(cuts.get(one) ?? [])], topology, findings))
  })
  const kfd = observeNode(host, kfdPath)
  checkCompute(gpus, kfd, findings)
  checkUniqueIds(gpus, findings)
  return { kfd, gpus: countPartitions(gpus), findings }
}

/** DRM devices of the parts that GPUs are cut into, by GPU. `directories`: of the platform devices. */
function observeCuts(
  context: DrmContext,
  directories: readonly string[],
  driven: readonly BusFunction[],
  topology: ReadonlyMap<number, TopologyNode>,
): ReadonlyMap<BusFunction, readonly DrmDevice[]> {
  const cuts = new Map<BusFunction, DrmDevice[]>()
  for (const directory of directories) {
    const renderMinor = renderMinorOf(context, directory)
    const node = renderMinor === undefined ? undefined : topology.get(renderMinor)
    if (node === undefined) continue
    const candidates = driven.filter(({ pciAddress }) => isAt(node, pciAddress))
    const parent =
      candidates.length === 1 ? candidates[0] : candidates.find((one) => one.pciAddress.endsWith(".0"))
    if (parent === undefined) {
      const problem = `amdgpu drives no GPU at ${node.pciDevice}`
      context.findings.push({
        severity: "warning",
        fault: fault("KfdNodeInvalid", { path: node.source, problem }),
        evidence: [`${directory}: render minor ${node.renderMinor}`, `${node.source}: ${node.pciDevice}`],
      })
    } else cuts.set(parent, [...(cuts.get(parent) ?? []), observeDrm(context, directory, parent.pciAddress)])
  }
  return cuts
}

/** The location of a part is that of the GPU, whatever function it names. */
const isAt = ({ pciDevice }: TopologyNode, pciAddress: string): boolean =>
  pciAddress.startsWith(`${pciDevice}.`)

function partitionsOf(
  { pciAddress, directory }: BusFunction,
  devices: readonly DrmDevice[],
  topology: ReadonlyMap<number, TopologyNode>,
  findings: Finding[],
): readonly AmdPartition[] {
  const sorted = devices.toSorted((one, other) => (one.renderMinor ?? -1) - (other.renderMinor ?? -1))
  return sorted.map((device, place) => {
    const listed = device.renderMinor === undefined ? undefined : topology.get(device.renderMinor)
    const node = listed !== undefined && isAt(listed, pciAddress) ? listed : undefined
    if (listed !== undefined && node === undefined)
      findings.push({
        severity: "warning",
        fault: fault("KfdNodeInvalid", {
          path: listed.source,
          problem: `its render minor is that of GPU ${pciAddress}, its place ${listed.pciDevice}`,
        }),
        evidence: [
          `${directory}/drm/renderD${device.renderMinor}: there`,
          `${listed.source}: ${listed.pciDevice}`,
        ],
      })
    if (device.renderMinor === undefined)
      findings.push({
        severity: "error",
        fault: fault("RenderNodeAbsent", { pciAddress, vendor: amd.name }),
        evidence: [`${directory}/drm: no renderD*`],
      })
    return {
      ...device,
      index: undefined,
      place,
      topologyNode: node?.number,
      architecture: node?.architecture,
      uniqueId: node?.uniqueId,
    }
  })
}

function describeGpu(host: HostFiles, one: BusFunction, partitions: readonly AmdPartition[]): AmdGpu {
  const { pciAddress, directory, product, driver, numaNode } = one
  const word = (file: string) => readMatch(host, hostPath(`${directory}/${file}`), /^([A-Z]{2,4}\d{0,2})\s*$/)
  const id = readMatch(host, hostPath(`${directory}/unique_id`), /^([0-9a-f]{1,16})\s*$/)
  const uniqueId = id === undefined ? undefined : formatUniqueId(`0x${id.value}`)
  return {
    pciAddress,
    state: partitions.length === 0 ? "undriven" : partitions.every(hasRenderNode) ? "usable" : "broken",
    product,
    driver,
    numaNode,
    uniqueId:
      id !== undefined && uniqueId !== undefined
        ? { value: uniqueId, source: id.source }
        : partitions.length === 1
          ? partitions[0]?.uniqueId
          : undefined,
    computePartition: word("current_compute_partition"),
    memoryPartition: word("current_memory_partition"),
    partitions,
  }
}

/**
 * A part of a GPU that is whole can be used, whatever is wrong with the other parts. One that lost its node keeps its number: who has a part by
 * its number must not be given another.
 */
function countPartitions(gpus: readonly AmdGpu[]): readonly AmdGpu[] {
  const known = gpus.flatMap(({ partitions }) =>
    partitions.filter(({ renderMinor }) => renderMinor !== undefined),
  )
  const counted = [
    ...known.filter(({ topologyNode }) => topologyNode !== undefined),
    ...known.filter(({ topologyNode }) => topologyNode === undefined),
  ]
  const indices = new Map(counted.map((one, index) => [one, index]))
  return gpus.map((gpu) => ({
    ...gpu,
    partitions: gpu.partitions.map((one) => ({
      ...one,
      index: hasRenderNode(one) ? indices.get(one) : undefined,
    })),
  }))
}

/** Graphics work without the compute driver; HIP and OpenCL do not. */
function checkCompute(gpus: readonly AmdGpu[], kfd: AmdInventory["kfd"], findings: Finding[]): void {
  const computing = gpus.filter(({ partitions }) =>
    partitions.some(({ topologyNode }) => topologyNode !== undefined),
  )
  if (kfd === undefined && computing.length > 0)
    findings.push({
      severity: "error",
      fault: fault("KfdNodeMissing", { path: kfdPath, pciAddresses: computing.map((one) => one.pciAddress) }),
      evidence: [`${kfdPath}: no device node`],
    })
  for (const { pciAddress, partitions } of gpus)
    for (const { renderMinor, topologyNode } of partitions)
      if (renderMinor !== undefined && topologyNode === undefined)
        findings.push({
          severity: "warning",
          fault: fault("GpuWithoutCompute", { pciAddress, renderMinor }),
          evidence: [`/sys/class/kfd/kfd/topology/nodes: no drm_render_minor ${renderMinor}`],
        })
}

/** An id of two GPUs names neither. */
function checkUniqueIds(gpus: readonly AmdGpu[], findings: Finding[]): void {
  for (const [uniqueId, owners] of ownersOfIds(gpus))
    if (owners.length > 1)
      findings.push({
        severity: "warning",
        fault: fault("UniqueIdShared", { uniqueId, pciAddresses: owners }),
        evidence: owners.map((pciAddress) => `GPU ${pciAddress}: ${uniqueId}`),
      })
}
