/** Which devices a specification of GPUs is of. */

import { ownKinds } from "../cdi/rules/qualify.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Gpu, Inventory } from "../inventory/inventory.ts"
import { type SelectedDevice, selectDevicesAsAsked } from "../inventory/select-devices.ts"

/**
 * Of `all` a GPU that is cut into MIG devices, or is there to be, is none: it cannot be used as a whole. Faults: those of
 * selectDevicesAsAsked; DeviceUnknown of an empty selector.
 */
export function chooseDevices(
  selectors: readonly string[],
  inventory: Inventory,
): Result<readonly SelectedDevice[]> {
  const isAll = selectors.some(meansAll)
  if (!isAll && selectors.includes(""))
    return fail(
      fault("DeviceUnknown", {
        selector: "",
        known: inventory.gpus.flatMap(({ index }) => (index === undefined ? [] : [String(index)])),
        meant: undefined,
      }),
    )
  const selected = selectDevicesAsAsked(isAll ? ["all"] : selectors, inventory)
  if (!selected.ok || !isAll) return selected
  const cut = new Set(inventory.migDevices.map(({ gpuIndex }) => gpuIndex))
  return ok(
    selected.value.filter(
      (one) =>
        one.kind === "mig" ||
        !(one.gpu.isMigEnabled?.value === true || (one.gpu.index !== undefined && cut.has(one.gpu.index))),
    ),
  )
}

/** Of `all` those on which MIG is enabled, as far as that is known, and that have no part: neither they nor a part of them is chosen. */
export const findPartless = (
  selectors: readonly string[],
  { gpus, migDevices }: Inventory,
): readonly Gpu[] =>
  selectors.some(meansAll)
    ? gpus.filter(
        ({ state, index, isMigEnabled }) =>
          state === "usable" &&
          isMigEnabled?.value === true &&
          !migDevices.some(({ gpuIndex }) => gpuIndex === index),
      )
    : []

/** In any case, and behind the kind of this machine's GPUs, as all selectors are read. */
function meansAll(selector: string): boolean {
  const kind = ownKinds.find((one) => selector.startsWith(one)) ?? ""
  return selector.slice(kind.length).toLowerCase() === "all"
}
