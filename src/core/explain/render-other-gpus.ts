/** GPUs of other vendors, as `gantry info` shows them: for people a line for each device that containers can ask for, and JSON. Pure. */

import type { Finding } from "../fault/finding.ts"
import type { Sourced } from "../inventory/inventory.ts"
import { alignColumns } from "../text/table.ts"
import { amdKind } from "../vendor/amd/generate-amd-spec.ts"
import type { AmdInventory } from "../vendor/amd/inventory.ts"
import { intelKind } from "../vendor/intel/generate-intel-spec.ts"
import type { IntelInventory } from "../vendor/intel/inventory.ts"
import type { DrmDevice, VendorGpu } from "../vendor/vendor-gpu.ts"

export interface OtherGpus {
  readonly amd: AmdInventory
  readonly intel: IntelInventory
}

export const otherFindings = ({ amd, intel }: OtherGpus): readonly Finding[] => [
  ...amd.findings,
  ...intel.findings,
]

interface OtherDevice extends DrmDevice {
  readonly index: number | undefined
  readonly architecture: Sourced<string> | undefined
  readonly uniqueId: Sourced<string> | undefined
  readonly canCompute: boolean
}

interface OtherGpu {
  readonly kind: string
  readonly gpu: VendorGpu
  /** Facts that one vendor's GPUs have. */
  readonly facts: Readonly<Record<string, Sourced<unknown> | undefined>>
  readonly devices: readonly OtherDevice[]
}

/** Order: AMD's, Intel's, each by PCI address. */
const listOthers = ({ amd, intel }: OtherGpus): readonly OtherGpu[] => [
  ...amd.gpus.map((gpu): OtherGpu => {
    const { uniqueId, computePartition, memoryPartition, partitions } = gpu
    return {
      kind: amdKind,
      gpu,
      facts: { uniqueId, computePartition, memoryPartition },
      devices: partitions.map((one) => ({
        ...one,
        canCompute: one.topologyNode !== undefined && amd.kfd !== undefined,
      })),
    }
  }),
  ...intel.gpus.map((gpu): OtherGpu => {
    const { index, renderMinor, nodes, state } = gpu
    const own = { index, renderMinor, nodes, architecture: undefined, uniqueId: undefined }
    return {
      kind: intelKind,
      gpu,
      facts: { uniqueId: undefined, computePartition: undefined, memoryPartition: undefined },
      devices: state === "undriven" ? [] : [{ ...own, canCompute: state === "usable" }],
    }
  }),
]

/** Shape: docs/info.md, `otherGpus`. */
export const otherGpusJson = (others: OtherGpus): readonly object[] =>
  listOthers(others).map(({ kind, gpu, facts, devices }) => {
    const { pciAddress, state, driver, product, numaNode } = gpu
    const sourced = { product, numaNode, ...facts }
    return {
      kind,
      pciAddress,
      state,
      driver,
      ...valuesOf(sourced),
      devices: devices.map(({ index, architecture, uniqueId, canCompute, nodes }) => ({
        index,
        ...valuesOf({ architecture, uniqueId }),
        canCompute,
        nodes,
      })),
      sources: Object.fromEntries(
        Object.entries(sourced).flatMap(([name, fact]) => (fact === undefined ? [] : [[name, fact.source]])),
      ),
    }
  })

const valuesOf = (facts: Readonly<Record<string, Sourced<unknown> | undefined>>): object =>
  Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, fact?.value]))

/** Lines; none where there is no such GPU. */
export function otherGpusTable(others: OtherGpus): readonly string[] {
  const rows = listOthers(others).flatMap(({ kind, gpu, devices }) => {
    const { pciAddress, state, product, driver } = gpu
    const facts = [product?.value ?? "?", driver ?? "-"]
    return devices.length === 0
      ? [[`${kind}=-`, pciAddress, state, ...facts, "-"]]
      : devices.map(({ index, nodes, canCompute, uniqueId }) => [
          `${kind}=${index ?? "-"}`,
          pciAddress,
          index === undefined
            ? "broken"
            : `${nodes.map(({ node }) => node.path.replace("/dev/dri/", "")).join(" ")}${canCompute ? "" : " (graphics only)"}`,
          ...facts,
          uniqueId?.value ?? "-",
        ])
  })
  return rows.length === 0
    ? []
    : [
        "",
        ...alignColumns([["OTHER GPU", "PCI ADDRESS", "NODES", "PRODUCT", "DRIVER", "UNIQUE ID"], ...rows]),
      ]
}
