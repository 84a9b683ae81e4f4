/** Making proofs of what was looked at: the stamps that tell later whether it is as it was. A start that only asks does not load this. */

import type { HostFiles } from "../../core/host/host.ts"
import { mpsDirectory } from "../../core/inventory/mps-directory.ts"
import type { HostPath } from "../../core/text/brand.ts"
import { parentPath } from "../../core/text/path.ts"
import {
  areFresh,
  fileStampLength,
  isMadeOnLook,
  type LinkStamp,
  look,
  type Proof,
  readLink,
  type Stamp,
} from "./stamp.ts"

const isAbsent = (stamp: Stamp): boolean => stamp.length === 1
/** One number says why it cannot be looked at, or what a text is. */
export const isThere = (stamp: Stamp): boolean => stamp.length > 2

/** For a path that is absent, the highest place above it that is absent too stands; below a stamped place it needs no stamp. */
function stampAll(livePaths: readonly string[]): readonly Stamp[] {
  const looked = new Map<string, Stamp>()
  const stampOf = (path: string): Stamp => {
    const known = looked.get(path)
    if (known !== undefined) return known
    const stamp: Stamp = [path, ...look(path)]
    looked.set(path, stamp)
    return stamp
  }
  const stamps = new Map<string, Stamp>()
  for (const path of livePaths) {
    const stamp = stampOf(path)
    const kept = isAbsent(stamp) && path !== mpsDirectory ? highestAbsent(stamp, stampOf) : stamp
    stamps.set(kept[0], kept)
  }
  return [...stamps.values()].filter((stamp) => !isAbsent(stamp) || !stamps.has(parentPath(stamp[0])))
}

/** Stamps of places on a machine. One that leads nowhere within the machine has none. */
export const stampPlaces = (host: HostFiles, places: readonly HostPath[]): readonly Stamp[] =>
  stampAll(places.flatMap((path) => host.livePath(path) ?? []))

function highestAbsent(stamp: Stamp, stampOf: (path: string) => Stamp): Stamp {
  let highest = stamp
  for (let above = parentPath(stamp[0]); above !== "/"; above = parentPath(above)) {
    const higher = stampOf(above)
    if (!isAbsent(higher)) break
    highest = higher
  }
  return highest
}

/** The kernel's clock of files is coarser than ours. Units: milliseconds. */
const clockTickMs = 10

/** Something changed then or later, as far as times tell: what was read of it may be of before. */
const hasChangedSince = (stamps: readonly Stamp[], timeMs: number): boolean =>
  stamps.some((stamp) => {
    if (stamp.length < fileStampLength || isMadeOnLook(stamp[0])) return false
    const times = stamp.length === fileStampLength ? stamp.slice(4) : stamp.slice(7)
    return times.some((time) => typeof time === "number" && time >= timeMs - clockTickMs)
  })

function stampLinks(host: HostFiles, places: readonly HostPath[]): readonly LinkStamp[] {
  const links = new Set(places.flatMap((path) => host.linksOn?.(path) ?? []))
  return [...links].map((path) => [path, readLink(path)])
}

function proofOf(host: HostFiles, places: readonly HostPath[]): Proof {
  const links = stampLinks(host, places)
  return { stamps: stampPlaces(host, places), links }
}

export interface Witness {
  /** Of places that were looked at since it began. undefined: something changed meanwhile, and nobody knows which of the two was seen. */
  prove(places: readonly HostPath[]): Proof | undefined
}

/**
 * To be called before anything is looked at. `places`: whose coming and going nothing else would tell of, since what is absent has no
 * time.
 */
export function beginWitness(host: HostFiles, places: readonly HostPath[]): Witness {
  const startedMs = Date.now()
  const before = stampPlaces(host, places)
  return {
    prove(looked) {
      const proof = proofOf(host, looked)
      return areFresh(before) && !hasChangedSince(proof.stamps, startedMs) ? proof : undefined
    },
  }
}
