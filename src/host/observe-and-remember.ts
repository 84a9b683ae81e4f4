/** Looks at a machine anew and remembers what it saw, for recall-snapshot.ts. */

import type { Host } from "../core/host/host.ts"
import {
  type HostSnapshot,
  observeSnapshot,
  type SnapshotOptions,
  witnessesOf,
} from "../core/plan/snapshot.ts"
import { type RememberedSnapshot, snapshotPlace } from "./recall-snapshot.ts"
import { stampAll } from "./stamp.ts"
import { writeState } from "./state-file.ts"

export function observeAndRemember(
  host: Host,
  options: SnapshotOptions,
  state: string | undefined,
): HostSnapshot {
  const snapshot = observeSnapshot(host, options)
  const place = snapshotPlace(host, options, state)
  if (state === undefined || place === undefined || !isWorthKeeping(snapshot)) return snapshot
  const stamps = stampAll(witnessesOf(snapshot).map((path) => host.livePath(path) ?? path))
  const remembered: RememberedSnapshot = { version: 4, key: place.key, stamps, snapshot }
  writeState(state, place.file, remembered)
  return snapshot
}

/**
 * A machine with an error is looked at each time: it is being installed, or mended. So is one of which something is not known yet that
 * no stamp will tell of: a UUID, and what NVML did not say.
 */
const isWorthKeeping = ({ driver, inventory }: HostSnapshot): boolean =>
  driver !== undefined &&
  [...driver.findings, ...inventory.findings].every(
    ({ severity, fault: { tag } }) =>
      severity !== "error" && tag !== "GpuUuidUnknown" && tag !== "NvmlUnavailable",
  )
