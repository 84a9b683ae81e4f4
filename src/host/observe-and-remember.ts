/** Looks at a machine anew and remembers what it saw, for recall-snapshot.ts. */

import type { Host } from "../core/host/host.ts"
import {
  driverWitnesses,
  type HostSnapshot,
  observeSnapshot,
  presentPlaces,
  type SnapshotOptions,
  witnessesOf,
} from "../core/plan/snapshot.ts"
import { hasChangedSince, proofOf, stampPlaces } from "./make-proof.ts"
import { type RememberedSnapshot, snapshotPlace } from "./recall-snapshot.ts"
import { areFresh } from "./stamp.ts"
import { writeState } from "./state-file.ts"

export function observeAndRemember(
  host: Host,
  options: SnapshotOptions,
  state: string | undefined,
): HostSnapshot {
  const startedMs = Date.now()
  const before = stampPlaces(host, driverWitnesses)
  const snapshot = observeSnapshot(host, options)
  const place = snapshotPlace(host, options, state)
  if (state === undefined || place === undefined || snapshot.driver === undefined) return snapshot
  // Of what changed while it was looked at nobody knows which of the two was seen.
  const witnesses = witnessesOf(host, snapshot)
  const proof = proofOf(host, witnesses)
  if (!areFresh(before) || hasChangedSince(proof.stamps, startedMs) || !areAllThere(host, snapshot))
    return snapshot
  const isTroubled = hasTrouble(snapshot)
  const remembered: RememberedSnapshot = { version: 8, key: place.key, isTroubled, ...proof, snapshot }
  writeState(state, place.file, remembered)
  return snapshot
}

/** What was seen is still there: of what is gone no time tells. */
const areAllThere = (host: Host, snapshot: HostSnapshot): boolean =>
  presentPlaces(snapshot).every((path) => host.exists(path))

/** A GPU that does not answer, a UUID that is not known yet, NVML that could not be asked. */
const hasTrouble = ({ driver, inventory }: HostSnapshot): boolean =>
  [...(driver?.findings ?? []), ...inventory.findings].some(
    ({ severity, fault: { tag } }) =>
      severity === "error" ||
      tag === "GpuUuidUnknown" ||
      tag === "NvmlUnavailable" ||
      tag === "HostReadFailed",
  )
