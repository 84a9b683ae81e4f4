/**
 * What is known of a machine, remembered under /run/gantry: looking at it anew costs a start more than everything else that a start
 * does. Fresh while everything that was looked at has the same stamp; proved by stats alone. What looks anew is not loaded here.
 * Format: docs/state.md.
 */

import type { HostFiles } from "../core/host/host.ts"
import type { HostSnapshot, SnapshotOptions } from "../core/plan/snapshot.ts"
import { areFresh, bootId, type Stamp } from "./stamp.ts"
import { hashOf, readState } from "./state-file.ts"

export interface RememberedSnapshot {
  readonly version: 4
  readonly key: string
  readonly stamps: readonly Stamp[]
  readonly snapshot: HostSnapshot
}

/** Where a machine is remembered, and what must stand in the file. undefined: only a live or simulated machine is remembered. */
export function snapshotPlace(
  { provenance: { kind, name } }: HostFiles,
  { driverRoot, devRoot = "", ldcache, searchPaths = [] }: SnapshotOptions,
  state: string | undefined,
): { readonly key: string; readonly file: string } | undefined {
  if (state === undefined || (kind !== "live" && kind !== "simulated")) return undefined
  const key = [kind, name, driverRoot, devRoot, ldcache, ...searchPaths, bootId()].join("\n")
  return { key, file: `${state}/machine-${hashOf(key)}.json` }
}

/** undefined: nothing is remembered, or not any more. Whatever is wrong with the file, the machine is looked at again. */
export function recallSnapshot(
  host: HostFiles,
  options: SnapshotOptions,
  state: string | undefined,
): HostSnapshot | undefined {
  const place = snapshotPlace(host, options, state)
  if (place === undefined) return undefined
  const known = readState(place.file) as Partial<RememberedSnapshot> | null | undefined
  const isFresh =
    known?.version === 4 && known.key === place.key && Array.isArray(known.stamps) && areFresh(known.stamps)
  return isFresh ? known.snapshot : undefined
}
