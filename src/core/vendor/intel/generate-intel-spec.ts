/**
 * A CDI specification of Intel's GPUs, `intel.com/gpu`. The names of a device: its index, its PCI address, the name by which Intel's resource
 * driver has it (PCI address and product, `0000-03-00-0-0x56c0`), and `all`. `cardN`, as Intel's released generator has it, is none: the number
 * is another after the next boot. The compute runtime looks for GPUs in /dev/dri/by-path, so its entries are nodes too.
 * Source: Intel's resource drivers for Kubernetes for kind, names and nodes.
 */

import { fault } from "../../fault/fault.ts"
import { fail, ok, type Result } from "../../fault/result.ts"
import {
  composeSpec,
  type GeneratedVendorSpec,
  given,
  givenByPath,
  type NamedNodes,
  type VendorSpecOptions,
} from "../compose-spec.ts"
import type { IntelGpu, IntelInventory } from "./inventory.ts"

export const intelKind = "intel.com/gpu"

/** Faults: VendorGpuAbsent. */
export function generateIntelSpec(
  inventory: IntelInventory,
  options: VendorSpecOptions,
): Result<GeneratedVendorSpec> {
  const usable = inventory.gpus.filter(({ index }) => index !== undefined)
  if (usable.length === 0)
    return fail(
      fault("VendorGpuAbsent", {
        vendor: "Intel",
        broken: inventory.gpus.map(({ pciAddress }) => pciAddress),
      }),
    )
  const devices = usable.flatMap((gpu): readonly NamedNodes[] => {
    const nodes = gpu.nodes.flatMap((one) => [given(one.node), ...givenByPath(one)])
    return namesOf(gpu).map((name) => ({ name, nodes }))
  })
  return ok({ spec: composeSpec(intelKind, devices, options), findings: inventory.findings })
}

const namesOf = ({ index, pciAddress, product }: IntelGpu): readonly string[] => [
  String(index),
  pciAddress,
  ...(product === undefined ? [] : [`${pciAddress.replaceAll(/[:.]/g, "-")}-0x${product.value}`]),
]
