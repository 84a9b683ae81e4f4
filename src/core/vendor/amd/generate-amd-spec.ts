/**
 * A CDI specification of AMD's GPUs, `amd.com/gpu`. The names of a device, all of one set:
 *   its index, as AMD's own generator has it: a partition's, where GPUs are cut
 *   the GPU's PCI address: all its partitions; `ADDRESS:N` one of them
 *   the unique id: the GPU's, else a partition's own; an id that two have names nobody
 *   `all`
 * Source: AMD's container toolkit for kind, index, and which nodes (DRM nodes and /dev/kfd, which all GPUs share: the compute driver looks
 * at the rights to the render node).
 */

import { fault } from "../../fault/fault.ts"
import { fail, ok, type Result } from "../../fault/result.ts"
import {
  composeSpec,
  type GeneratedVendorSpec,
  type GivenNode,
  given,
  type NamedNodes,
  type VendorSpecOptions,
} from "../compose-spec.ts"
import type { AmdGpu, AmdInventory, AmdPartition } from "./inventory.ts"
import { ownersOfIds } from "./owners-of-ids.ts"

export const amdKind = "amd.com/gpu"

/** Faults: VendorGpuAbsent. */
export function generateAmdSpec(
  inventory: AmdInventory,
  options: VendorSpecOptions,
): Result<GeneratedVendorSpec> {
  const usable = inventory.gpus.flatMap((gpu) => {
    const partitions = gpu.partitions.filter(({ index }) => index !== undefined)
    return partitions.length === 0 ? [] : [{ gpu, partitions }]
  })
  if (usable.length === 0)
    return fail(
      fault("VendorGpuAbsent", {
        vendor: "AMD",
        broken: inventory.gpus.map(({ pciAddress }) => pciAddress),
      }),
    )
  const nodesOf = (partitions: readonly AmdPartition[]): readonly GivenNode[] => [
    ...partitions.flatMap(({ nodes }) => nodes.map(({ node }) => given(node))),
    ...(inventory.kfd !== undefined && partitions.some(({ topologyNode }) => topologyNode !== undefined)
      ? [given(inventory.kfd)]
      : []),
  ]
  const ids = unsharedIds(inventory)
  const devices = usable.flatMap(({ gpu, partitions }): readonly NamedNodes[] => [
    ...nameGpu(gpu, ids).map((name) => ({ name, nodes: nodesOf(partitions) })),
    ...partitions.flatMap((one) =>
      namePartition(gpu, one, ids).map((name) => ({ name, nodes: nodesOf([one]) })),
    ),
  ])
  return ok({ spec: composeSpec(amdKind, devices, options), findings: inventory.findings })
}

const nameGpu = ({ pciAddress, uniqueId }: AmdGpu, ids: ReadonlySet<string>): readonly string[] => [
  pciAddress,
  ...(uniqueId !== undefined && ids.has(uniqueId.value) ? [uniqueId.value] : []),
]

function namePartition(
  { pciAddress, partitions, uniqueId: gpuId }: AmdGpu,
  { index, place, uniqueId }: AmdPartition,
  ids: ReadonlySet<string>,
): readonly string[] {
  const isOwn =
    uniqueId !== undefined &&
    uniqueId.value !== gpuId?.value &&
    ids.has(uniqueId.value) &&
    partitions.filter((one) => one.uniqueId?.value === uniqueId.value).length === 1
  return [
    String(index),
    ...(partitions.length > 1 ? [`${pciAddress}:${place}`] : []),
    ...(isOwn ? [uniqueId.value] : []),
  ]
}

/** Those that one GPU has. */
const unsharedIds = ({ gpus }: AmdInventory): ReadonlySet<string> =>
  new Set([...ownersOfIds(gpus)].flatMap(([id, owners]) => (owners.length === 1 ? [id] : [])))
