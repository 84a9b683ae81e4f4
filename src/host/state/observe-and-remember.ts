/** Looks at a machine anew and remembers what it saw, for recall-snapshot.ts. */

import type { Finding } from "../../core/fault/finding.ts"
import { isUnread, mayPass } from "../../core/fault/may-pass.ts"
import type { Host } from "../../core/host/host.ts"
import {
  driverWitnesses,
  type HostSnapshot,
  observeSnapshot,
  presentPlaces,
  type SnapshotOptions,
  witnessesOf,
} from "../../core/plan/snapshot.ts"
import type { HostPath } from "../../core/text/brand.ts"
import { beginWitness, isThere } from "./make-proof.ts"
import { type RememberedSnapshot, snapshotPlace } from "./recall-snapshot.ts"
import type { Proof, Stamp } from "./stamp.ts"
import { makeRoom, writeState } from "./state-file.ts"

export interface Observed {
  readonly snapshot: HostSnapshot
  /** Where a change would show. */
  readonly witnesses: readonly HostPath[]
  /** undefined: something changed while it was looked at. */
  readonly proof: Proof | undefined
}

export function observeWithProof(host: Host, options: SnapshotOptions): Observed {
  const witness = beginWitness(host, driverWitnesses)
  const snapshot = observeSnapshot(host, options)
  const witnesses = witnessesOf(host, snapshot)
  return { snapshot, witnesses, proof: witness.prove(witnesses) }
}

/** What was remembered, and the stamp of the file in which it is. undefined: it was not. */
export interface Remembering {
  readonly remembered: RememberedSnapshot | undefined
  readonly own: Stamp | undefined
}

const fileName = /^machine-[0-9a-f]{16}\.json$/
/** A machine by itself is a few, by driver root and search path; where others are simulated, again and again, they lie in memory. */
const capacity = 64

const notRemembered: Remembering = { remembered: undefined, own: undefined }

export function observeAndRemember(
  host: Host,
  options: SnapshotOptions,
  state: string | undefined,
): Pick<Observed, "snapshot"> & Remembering {
  if (snapshotPlace(host, options, state) === undefined)
    return { snapshot: observeSnapshot(host, options), ...notRemembered }
  const observed = observeWithProof(host, options)
  return { snapshot: observed.snapshot, ...rememberObserved(host, options, state, observed) }
}

/**
 * Nothing is kept of a machine without a driver, nor of one that changed while it was looked at, nor of one of which something could not be
 * read that may be readable a moment later.
 */
export function rememberObserved(
  host: Host,
  options: SnapshotOptions,
  state: string | undefined,
  { snapshot, proof }: Observed,
): Remembering {
  const place = snapshotPlace(host, options, state)
  if (state === undefined || place === undefined || proof === undefined) return notRemembered
  if (snapshot.driver === undefined || !areAllThere(host, snapshot, proof)) return notRemembered
  if (findingsOf(snapshot).some(isTrueOfNow)) return notRemembered
  const isTroubled = hasTrouble(snapshot)
  const remembered: RememberedSnapshot = { version: 10, key: place.key, isTroubled, ...proof, snapshot }
  makeRoom(state, place.file, fileName, capacity)
  return { remembered, own: writeState(state, place.file, remembered) }
}

/** What was seen is still there: of what is gone no time tells. What its stamp tells of was looked at again just now. */
function areAllThere(host: Host, snapshot: HostSnapshot, { stamps }: Proof): boolean {
  const stamped = new Set(stamps.flatMap((stamp) => (isThere(stamp) ? stamp[0] : [])))
  return presentPlaces(snapshot).every((path) => stamped.has(path) || host.exists(path))
}

/** It may be read a moment later; and what fails starts is not to fail them any longer than it lasts. */
const isTrueOfNow = ({ severity, fault }: Finding): boolean =>
  mayPass(fault) || (severity === "error" && isUnread(fault))

/** A GPU that does not answer, a UUID that is not known yet, NVML that could not be asked. */
const hasTrouble = (snapshot: HostSnapshot): boolean =>
  findingsOf(snapshot).some(
    ({ severity, fault: { tag } }) =>
      severity === "error" ||
      tag === "GpuUuidUnknown" ||
      tag === "NvmlUnavailable" ||
      tag === "HostReadFailed",
  )

const findingsOf = ({ driver, inventory, platform }: HostSnapshot): readonly Finding[] => [
  ...(driver?.findings ?? []),
  ...inventory.findings,
  ...(platform?.findings ?? []),
]
