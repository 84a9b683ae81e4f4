/**
 * From selectors to the devices of a Tegra board. Mostly it has one, its own: `all`, `0`, or the same of one of this machine's CDI
 * kinds. A board with a discrete GPU beside it has the devices of an ordinary machine, of which one is its own.
 * Source: facts, toolkit §5.7.
 */

import { isOfOwnKind, ownKinds } from "../cdi/rules/qualify.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { findUnread, tellingPlaces } from "../inventory/find-unread.ts"
import type { Gpu, Inventory } from "../inventory/inventory.ts"
import { type SelectedDevice, selectDevices } from "../inventory/select-devices.ts"
import { isIntegrated, withUnlisted } from "../inventory/tegra.ts"

export interface BoardDevices {
  /** The selector that names the board's own GPU; undefined: none does. */
  readonly own: string | undefined
  /** The same as the driver or NVML shows it beside others; undefined: the lists alone tell of it. */
  readonly ownGpu: Gpu | undefined
  /** Order: by PCI address. */
  readonly discrete: readonly SelectedDevice[]
  /** Every GPU that is not the board's own. Empty: the lists tell all that it has. */
  readonly beside: readonly Gpu[]
}

/** Faults: those of selectDevices, HostReadFailed; DeviceKindUnserved for MIG devices. */
export function selectBoard(selectors: readonly string[], seen: Inventory): Result<BoardDevices> {
  const unread = findUnread(seen, tellingPlaces)
  if (unread !== undefined && selectors.some((one) => one !== "")) return fail(unread)
  const inventory = withUnlisted(seen)
  const usable = inventory.gpus.filter(({ state }) => state === "usable")
  const beside = usable.some(isIntegrated) ? usable.filter((gpu) => !isIntegrated(gpu)) : []
  if (beside.length === 0) {
    const own = selectOwn(selectors, inventory, usable)
    return own.ok ? ok({ own: own.value, ownGpu: undefined, discrete: [], beside }) : own
  }
  const selected = selectDevices(selectors, inventory)
  if (!selected.ok) return selected
  const cut = selected.value.find(({ kind }) => kind === "mig")
  if (cut !== undefined)
    return fail(
      fault("DeviceKindUnserved", { selector: cut.selector, kind: "a MIG device beside a board's own GPU" }),
    )
  const own = selected.value.find(({ gpu }) => isIntegrated(gpu))
  const discrete = selected.value.filter((one) => one !== own)
  return ok({ own: own?.selector, ownGpu: own?.gpu, discrete, beside })
}

/** Where there is one device, each selector has to name it; a hole names nothing. */
function selectOwn(
  selectors: readonly string[],
  inventory: Inventory,
  usable: readonly Gpu[],
): Result<string | undefined> {
  const isShown = usable.length === 1 && usable.every(isIntegrated)
  for (const selector of selectors) {
    if (selector === "" || namesOwn(selector)) continue
    // One that is shown has more names: its UUID, its model. Those of a discrete GPU are not the board's.
    const selected = isShown ? selectDevices([selector], inventory) : undefined
    if (selected?.ok === true && selected.value.every(({ kind }) => kind === "gpu")) continue
    if (selector.includes("/") && selector.includes("=") && !isOfOwnKind(selector))
      return fail(fault("DeviceKindUnserved", { selector, kind: "a CDI device" }))
    const known = ["0 (the board's own GPU)"]
    return fail(fault("DeviceUnknown", { selector, known, meant: undefined }))
  }
  return ok(selectors.find((selector) => selector !== ""))
}

function namesOwn(selector: string): boolean {
  const kind = ownKinds.find((one) => selector.startsWith(one)) ?? ""
  const name = selector.slice(kind.length)
  return name === "0" || name.toLowerCase() === "all"
}
