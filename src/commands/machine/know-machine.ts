/** What is known of the machine that a container's GPUs come from. */

import { ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { askListening } from "../../core/inventory/listening.ts"
import type { HostSnapshot, SnapshotOptions } from "../../core/plan/snapshot.ts"
import { type RememberedSnapshot, recallSnapshot } from "../../host/state/recall-snapshot.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import { openMachine } from "./open-machine.ts"

export interface KnownMachine {
  readonly host: HostFiles
  readonly snapshot: HostSnapshot
  /** As it was recalled; undefined: it was looked at anew, or something is wrong with it of which no stamp would tell. */
  readonly recalled: RememberedSnapshot | undefined
}

/** What is remembered is enough nearly always; the code that looks anew is loaded only when it is not. */
export async function knowMachine(
  selector: string | undefined,
  options: SnapshotOptions,
): Promise<Result<KnownMachine>> {
  const opened = await openMachine(selector)
  if (!opened.ok) return opened
  const host = opened.value
  const state = stateDirectory()
  const recalled = recallSnapshot(host, options, state)
  if (recalled !== undefined)
    return ok({
      host,
      snapshot: withListening(recalled.snapshot, host),
      recalled: recalled.isTroubled ? undefined : recalled,
    })
  const [{ ensureNvml }, { observeAndRemember }] = await Promise.all([
    import("../../host/nvml/ask-nvml.ts"),
    import("../../host/state/observe-and-remember.ts"),
  ])
  const { snapshot } = observeAndRemember(ensureNvml(host), options, state)
  return ok({ host, snapshot, recalled: undefined })
}

/** A service that ended leaves its socket as it was, so that what is remembered of it proves nothing. */
export function withListening(snapshot: HostSnapshot, host: HostFiles): HostSnapshot {
  const { inventory } = snapshot
  if (inventory.sockets.length === 0) return snapshot
  return { ...snapshot, inventory: { ...inventory, sockets: askListening(inventory.sockets, host) } }
}
