/** What is known of the machine that a container's GPUs come from. */

import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { askListening } from "../core/inventory/listening.ts"
import type { HostSnapshot, SnapshotOptions } from "../core/plan/snapshot.ts"
import type { Config } from "../core/request/config.ts"
import { findHost } from "../host/find-host.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { recallSnapshot } from "../host/recall-snapshot.ts"
import { createSimulatedFiles } from "../host/simulated-files.ts"
import { stateDirectory } from "../host/state-directory.ts"

export interface KnownMachine {
  readonly host: HostFiles
  readonly snapshot: HostSnapshot
}

/** What is remembered is enough nearly always; the code that looks anew is loaded only when it is not. */
export async function knowMachine(
  selector: string | undefined,
  options: SnapshotOptions,
): Promise<Result<KnownMachine>> {
  const place = findHost(selector)
  if (!place.ok) return place
  const state = stateDirectory()
  if (place.value.kind !== "recording") {
    const files =
      place.value.kind === "live" ? createLiveFiles() : createSimulatedFiles(place.value.directory)
    const snapshot = recallSnapshot(files, options, state)
    if (snapshot !== undefined) return ok({ host: files, snapshot: withListening(snapshot, files) })
  }
  const [{ openHost }, { observeAndRemember }] = await Promise.all([
    import("../host/open-host.ts"),
    import("../host/observe-and-remember.ts"),
  ])
  const opened = openHost(selector)
  if (!opened.ok) return opened
  return ok({ host: opened.value, snapshot: observeAndRemember(opened.value, options, state) })
}

/** A service that ended leaves its socket as it was, so that what is remembered of it proves nothing. */
function withListening(snapshot: HostSnapshot, host: HostFiles): HostSnapshot {
  const { inventory } = snapshot
  if (inventory.sockets.length === 0) return snapshot
  return { ...snapshot, inventory: { ...inventory, sockets: askListening(inventory.sockets, host) } }
}

/** Where the configuration says that the driver lies. */
export const driverPlace = (config: Config): { readonly driverRoot: string; readonly ldcache: string } => ({
  driverRoot: config.value("nvidia-container-cli.root") || "/",
  ldcache: config.value("nvidia-container-cli.ldcache") || "/etc/ld.so.cache",
})
