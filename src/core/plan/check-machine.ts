/** What stands in the way of a request on this machine: findings of severity error that concern it, and what the image requires. */

import type { Fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Inventory } from "../inventory/inventory.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import { checkRequirement } from "../requirement/check-requirement.ts"

/** Faults: those of the inventory, HostReadFailed. `nodes`: paths that the container is given. */
export function checkMachine(
  inventory: Inventory,
  devices: readonly SelectedDevice[],
  nodes: Iterable<string>,
): Result<true> {
  const needed = new Set([...nodes, "/dev/nvidiactl"])
  for (const { gpu } of devices) if (gpu.minor !== undefined) needed.add(`/dev/nvidia${gpu.minor.value}`)
  // Before there were such nodes, the files of proc were enough.
  const hasCapabilityNodes = Object.hasOwn(inventory.majors, "nvidia-caps")
  const cut = new Set(
    devices.flatMap((one) =>
      one.kind === "mig" && (hasCapabilityNodes || one.device.accessFiles.length === 0)
        ? [`${one.device.gpuIndex}:${one.device.index}`]
        : [],
    ),
  )
  const concerns = ({ fault: one }: Finding): boolean =>
    ("path" in one.data && needed.has(one.data.path)) ||
    (one.tag === "GpuMinorShared" && devices.some(({ gpu }) => gpu.minor?.value === one.data.minor)) ||
    (one.tag === "NvmlGpuFailed" && devices.some(({ gpu }) => gpu.index === one.data.index)) ||
    (one.tag === "MigNodeMissing" && cut.has(one.data.device))
  const found = inventory.findings.find((one) => one.severity === "error" && concerns(one))
  // Of a node that could not be looked at nobody knows that it is missing.
  return found === undefined ? ok(true) : fail(found.fault.cause ?? found.fault)
}

/** The first requirement that does not hold, on the first GPU on which it does not; undefined: all hold. */
export function findUnmetRequirement(
  requirements: readonly string[],
  { cudaVersion, kernelModuleVersion }: Inventory,
  devices: readonly SelectedDevice[],
): Fault | undefined {
  const facts = { cuda: cudaVersion?.value, driver: kernelModuleVersion?.value }
  const gpus = [...new Set(devices.map(({ gpu }) => gpu))]
  for (const requirement of requirements)
    for (const gpu of gpus.length === 0 ? [undefined] : gpus) {
      const arch = gpu?.computeCapability?.value
      const brand = gpu?.model === undefined ? undefined : (gpu.brand?.value ?? "Unknown")
      const held = checkRequirement(requirement, { ...facts, arch, brand })
      if (!held.ok) return held.fault
    }
  return undefined
}
