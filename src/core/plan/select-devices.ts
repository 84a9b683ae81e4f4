/**
 * From selectors to GPUs of this machine. Source: facts, nvidia-container-cli §4: `all`, a full UUID, a PCI address, an index;
 * MIG devices are recognised, so that they are refused with their own words until they can be served.
 */

import { type Fault, fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Gpu, Inventory } from "../inventory/inventory.ts"

export interface SelectedGpu {
  readonly gpu: Gpu
  /** The selector that brought it. */
  readonly selector: string
}

/** Order: by PCI address. Faults: DeviceUnknown, DeviceKindUnserved. */
export function selectGpus(
  selectors: readonly string[],
  inventory: Inventory,
): Result<readonly SelectedGpu[]> {
  const usable = inventory.gpus.filter(({ index }) => index !== undefined)
  const chosen = new Map<Gpu, string>()
  for (const selector of selectors) {
    if (selector === "") continue
    if (selector.toLowerCase() === "all") {
      for (const gpu of usable) if (!chosen.has(gpu)) chosen.set(gpu, selector)
      break
    }
    const found = usable.find((gpu) => matches(gpu, selector))
    if (found === undefined) return fail(unknown(selector, inventory))
    if (!chosen.has(found)) chosen.set(found, selector)
  }
  return ok(usable.filter((gpu) => chosen.has(gpu)).map((gpu) => ({ gpu, selector: chosen.get(gpu) ?? "" })))
}

function matches(gpu: Gpu, selector: string): boolean {
  if (/^\d+$/.test(selector)) return gpu.index === Number(selector)
  if (/^GPU-/i.test(selector)) return gpu.uuid?.value.toLowerCase() === selector.toLowerCase()
  const address = /^([0-9a-f]{1,8}):([0-9a-f]{1,2}):([0-9a-f]{1,2})(?:\.0)?$/i.exec(selector)
  if (address === null) return false
  const [, domain = "", bus = "", device = ""] = address
  const padded = (text: string, digits: number): string =>
    text
      .toLowerCase()
      .replace(/^0+(?=.)/, "")
      .padStart(digits, "0")
  return gpu.pciAddress === `${padded(domain, 4)}:${padded(bus, 2)}:${padded(device, 2)}.0`
}

function unknown(selector: string, inventory: Inventory): Fault {
  if (/^MIG-/i.test(selector) || /^\d+:\d+$/.test(selector))
    return fault("DeviceKindUnserved", { selector, kind: "a MIG device" })
  if (selector.includes("/") && selector.includes("="))
    return fault("DeviceKindUnserved", { selector, kind: "a CDI device" })
  const known = inventory.gpus.flatMap(({ index, uuid }) =>
    index === undefined ? [] : [`${index} (${uuid?.value ?? "UUID not known yet"})`],
  )
  return fault("DeviceUnknown", { selector, known })
}
