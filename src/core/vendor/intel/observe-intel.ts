/** Intel's GPUs: display controllers on the bus that i915 or xe drives, each with its own DRM nodes. Source: the kernel's i915 and xe. */

import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { HostFiles } from "../../host/host.ts"
import { noteUnreadable } from "../../host/note-unreadable.ts"
import { hostPath } from "../../text/brand.ts"
import { baseName } from "../../text/path.ts"
import { type BusFunction, isDriven, observeBus, type Vendor } from "../observe-bus.ts"
import { type DrmContext, drmContext, hasRenderNode, observeDrm } from "../observe-drm.ts"
import type { DrmDevice } from "../vendor-gpu.ts"
import { vendorModules, vendorTitles } from "../vendor-names.ts"
import type { IntelGpu, IntelInventory } from "./inventory.ts"

const intel: Vendor = {
  name: vendorTitles.intel,
  pciVendor: "0x8086",
  classes: ["0x0300", "0x0380"],
  drivers: vendorModules.intel,
}

export function observeIntel(machine: HostFiles): IntelInventory {
  const findings: Finding[] = []
  const host = noteUnreadable(machine, findings)
  const functions = observeBus(host, intel)
  const driven = functions.filter((one) => isDriven(one, intel, findings))
  const context = drmContext(
    host,
    driven.map(({ directory }) => directory),
    findings,
  )
  const gpus = functions.map((one) => {
    const drm = driven.includes(one) ? observeDrm(context, one.directory, one.pciAddress) : undefined
    return describeGpu(context, one, drm)
  })
  const counted = gpus.filter(({ renderMinor }) => renderMinor !== undefined)
  return {
    gpus: gpus.map((gpu) => (gpu.state === "usable" ? { ...gpu, index: counted.indexOf(gpu) } : gpu)),
    findings,
  }
}

/** `drm`: what the driver made of it; undefined: none drives it. */
function describeGpu({ host, findings }: DrmContext, one: BusFunction, drm: DrmDevice | undefined): IntelGpu {
  const { pciAddress, directory, product, driver, numaNode } = one
  if (drm !== undefined && drm.renderMinor === undefined)
    findings.push({
      severity: "error",
      fault: fault("RenderNodeAbsent", { pciAddress, vendor: intel.name }),
      evidence: [`${directory}/drm: no renderD*`],
    })
  const parent = host.readLink(hostPath(`${directory}/physfn`))
  return {
    index: undefined,
    pciAddress,
    state: drm === undefined ? "undriven" : hasRenderNode(drm) ? "usable" : "broken",
    product,
    driver,
    numaNode,
    ...(drm ?? { renderMinor: undefined, nodes: [] }),
    physicalFunction: parent.ok ? baseName(parent.value) : undefined,
  }
}
