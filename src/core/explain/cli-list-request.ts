/**
 * What `nvidia-container-cli list` is asked for, decided as the reference decides it: which kinds of files, which devices, which
 * rights over MIG. Source: facts, nvidia-container-cli §1.4, §4; observed on nvidia-container-cli 1.17.
 */

import { ok, type Result } from "../fault/result.ts"
import { findUnread, tellingPlaces } from "../inventory/find-unread.ts"
import type { Inventory } from "../inventory/inventory.ts"
import { checkMigRights } from "../inventory/mig-rights.ts"
import { type SelectedDevice, selectDevicesAsAsked } from "../inventory/select-devices.ts"
import { type CliGiven, itemsOf, parseCliChannels } from "../request/cli-call.ts"

/** The command line, without the machine. */
export interface CliListAsked {
  /** undefined: no device was named, and no node is listed. */
  readonly selectors: readonly string[] | undefined
  readonly imexChannels: readonly number[]
  readonly rights: { readonly [R in "mig-config" | "mig-monitor"]: readonly string[] }
  readonly hasBinaries: boolean
  readonly hasLibraries: boolean
  /** Of no effect without libraries. */
  readonly hasCompat32: boolean
  readonly hasFirmware: boolean
  readonly sockets: readonly ("persistenced" | "fabricmanager" | "mps")[]
}

/** Joined with the machine. */
export interface CliListRequest extends Omit<CliListAsked, "selectors" | "rights"> {
  /** undefined: no node is listed. Order: as they were named. */
  readonly devices: readonly SelectedDevice[] | undefined
  readonly hasMigConfig: boolean
  readonly hasMigMonitor: boolean
}

/** `wordCount`: how many words follow `list`; without any, or with one that names IMEX channels, everything is listed. Faults: ImexChannelInvalid. */
export function parseCliList(given: CliGiven, wordCount: number): Result<CliListAsked> {
  const isBare = wordCount === 0 || (wordCount === 1 && given.has("imex-channel"))
  const has = (name: string): boolean => isBare || given.has(name)
  const channels = parseCliChannels(given)
  if (!channels.ok) return channels
  return ok({
    selectors: isBare ? ["all"] : itemsOf(given, "device"),
    imexChannels: channels.value,
    rights: {
      "mig-config": itemsOf(given, "mig-config") ?? [],
      "mig-monitor": itemsOf(given, "mig-monitor") ?? [],
    },
    hasBinaries: has("binaries"),
    hasLibraries: has("libraries"),
    hasCompat32: has("compat32"),
    hasFirmware: has("firmwares") && !given.has("no-gsp-firmware"),
    sockets: has("ipcs")
      ? (["persistenced", "fabricmanager", "mps"] as const).filter((name) => !given.has(`no-${name}`))
      : [],
  })
}

/** Faults: DeviceUnknown, DeviceAmbiguous, DeviceKindUnserved, HostReadFailed, MigRightInvalid. */
export function resolveCliList(asked: CliListAsked, inventory: Inventory): Result<CliListRequest> {
  const { selectors, rights, ...rest } = asked
  // Where no GPU can be used, the reference does not look at the list. Of what could not be read nobody knows that.
  const mayHaveGpu =
    inventory.gpus.some(({ state }) => state === "usable") ||
    findUnread(inventory, tellingPlaces) !== undefined
  const devices = selectDevicesAsAsked(mayHaveGpu ? (selectors ?? []) : [], inventory)
  if (!devices.ok) return devices
  const checked = checkMigRights(
    { config: rights["mig-config"].join(","), monitor: rights["mig-monitor"].join(",") },
    devices.value,
  )
  if (!checked.ok) return checked
  return ok({
    ...rest,
    devices: selectors === undefined ? undefined : devices.value,
    hasMigConfig: checked.value.includes("config"),
    hasMigMonitor: checked.value.includes("monitor"),
  })
}
