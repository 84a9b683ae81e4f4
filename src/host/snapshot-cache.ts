/**
 * What is known of a machine, remembered under /run/gantry: looking at it anew costs a start more than everything else that a start
 * does. Fresh while everything that was looked at has the same stamp; proved by stats alone. Whatever is wrong with the file, the
 * machine is looked at again. Format: docs/state.md.
 */

import type { Host } from "../core/host/host.ts"
import {
  type HostSnapshot,
  observeSnapshot,
  type SnapshotOptions,
  witnessesOf,
} from "../core/plan/snapshot.ts"
import { areFresh, bootId, type Stamp, stampAll } from "./stamp.ts"
import { stateDirectory } from "./state-directory.ts"
import { hashOf, readState, writeState } from "./state-file.ts"

interface Remembered {
  readonly version: 2
  readonly key: string
  readonly stamps: readonly Stamp[]
  readonly snapshot: HostSnapshot
}

export function recallSnapshot(
  host: Host,
  options: SnapshotOptions,
  state: string | undefined = stateDirectory(),
): HostSnapshot {
  const { kind, name } = host.provenance
  if (state === undefined || (kind !== "live" && kind !== "simulated")) return observeSnapshot(host, options)
  const { driverRoot, ldcache, searchPaths = [] } = options
  const key = [kind, name, driverRoot, ldcache, ...searchPaths, bootId()].join("\n")
  const file = `${state}/machine-${hashOf(key)}.json`
  const known = readState(file) as Partial<Remembered> | null | undefined
  if (
    known?.version === 2 &&
    known.key === key &&
    known.snapshot !== undefined &&
    Array.isArray(known.stamps) &&
    areFresh(known.stamps)
  )
    return known.snapshot
  const snapshot = observeSnapshot(host, options)
  if (isWorthKeeping(snapshot)) {
    const stamps = stampAll(witnessesOf(snapshot).map((path) => host.livePath(path) ?? path))
    writeState(state, file, { version: 2, key, stamps, snapshot })
  }
  return snapshot
}

/** A machine with an error is looked at each time: it is being installed, or mended. */
const isWorthKeeping = ({ driver, inventory }: HostSnapshot): boolean =>
  driver !== undefined &&
  [...driver.findings, ...inventory.findings].every(({ severity }) => severity !== "error")
