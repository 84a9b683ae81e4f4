/**
 * What is known of a machine, remembered under /run/gantry: looking at it anew costs a start more than everything else that a start
 * does. Fresh while everything that was looked at has the same stamp; proved by stats alone. What looks anew is not loaded here.
 * Format: docs/state.md.
 */

import type { HostFiles } from "../../core/host/host.ts"
import type { HostSnapshot, SnapshotOptions } from "../../core/plan/snapshot.ts"
import { era, isFreshProof, type Proof } from "./stamp.ts"
import { forgetState, hashOf, isYoung, readState } from "./state-file.ts"

export interface RememberedSnapshot extends Proof {
  readonly version: 10
  readonly key: string
  /** Something is wrong, or not known, that no stamp will tell of when it is mended: believed for a minute. */
  readonly isTroubled: boolean
  readonly snapshot: HostSnapshot
}

/** Where a machine is remembered, and what must stand in the file. undefined: only a live or simulated machine is remembered. */
export function snapshotPlace(
  { provenance: { kind, name } }: HostFiles,
  { driverRoot, devRoot = "", ldcache, searchPaths = [], platformLists = "" }: SnapshotOptions,
  state: string | undefined,
): { readonly key: string; readonly file: string } | undefined {
  if (state === undefined || (kind !== "live" && kind !== "simulated")) return undefined
  const key = [kind, name, driverRoot, devRoot, ldcache, platformLists, ...searchPaths, era()].join("\n")
  return { key, file: `${state}/machine-${hashOf(key)}.json` }
}

/** Units: milliseconds. */
const troubleLifeMs = 60 * 1000

/** undefined: nothing is remembered, or not any more. Whatever is wrong with the file, the machine is looked at again. */
export function recallSnapshot(
  host: HostFiles,
  options: SnapshotOptions,
  state: string | undefined,
): RememberedSnapshot | undefined {
  const place = snapshotPlace(host, options, state)
  if (state === undefined || place === undefined) return undefined
  const known = readState(state, place.file) as Partial<RememberedSnapshot> | null | undefined
  if (known?.version !== 10 || known.key !== place.key) return undefined
  if (known.isTroubled !== false && !isYoung(place.file, troubleLifeMs)) return undefined
  return isFreshProof(known) && isSnapshot(known.snapshot) ? (known as RememberedSnapshot) : undefined
}

const isSnapshot = (value: Partial<HostSnapshot> | null | undefined): value is HostSnapshot =>
  Array.isArray(value?.procFiles) &&
  Array.isArray(value.inventory?.gpus) &&
  Array.isArray(value.driver?.libraries)

/** For when what was remembered has turned out to be wrong. */
export function forgetSnapshot(host: HostFiles, options: SnapshotOptions, state: string | undefined): void {
  const place = snapshotPlace(host, options, state)
  if (place !== undefined) forgetState(place.file)
}
