/** A machine whose driver's place may not have been named: as it is remembered, else by a look, which is remembered for the next. */

import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { SaidPlaces } from "../core/plan/choose-snapshot-options.ts"
import type { HostSnapshot, SnapshotOptions } from "../core/plan/snapshot.ts"
import { type RememberedSnapshot, recallSnapshot, snapshotPlace } from "../host/recall-snapshot.ts"
import { look, type Proof, type Stamp } from "../host/stamp.ts"
import { withListening } from "./know-machine.ts"

export interface FoundMachine {
  readonly host: HostFiles
  readonly options: SnapshotOptions
  readonly snapshot: HostSnapshot
  /** That the machine is as it was, and so is what is remembered of it. undefined: something is not known that no stamp would tell of. */
  readonly proof: Proof | undefined
}

/** Where a driver may lie when nobody said. Order: of search. */
const usualRoots = ["/", "/run/nvidia/driver"]

/** Order: as machines are looked for. */
export const optionsOf = (said: SaidPlaces): readonly SnapshotOptions[] =>
  (said.driverRoot === undefined ? usualRoots : [said.driverRoot]).map((root) => optionsAt(root, said))

/** undefined: it has to be looked at. */
export function recallMachine(
  host: HostFiles,
  options: SnapshotOptions,
  state: string | undefined,
): FoundMachine | undefined {
  const place = snapshotPlace(host, options, state)
  // Before it is read: whatever takes its place meanwhile is another.
  const own: Stamp | undefined = place && [place.file, ...look(place.file)]
  const recalled = recallSnapshot(host, options, state)
  const proof = proofOf(recalled, own)
  if (recalled === undefined || proof === undefined) return undefined
  return { host, options, snapshot: withListening(recalled.snapshot, host), proof }
}

/** With what is wrong of which no stamp tells, somebody may just have dealt; and of a root without the driver nothing follows for another. */
const proofOf = (known: RememberedSnapshot | undefined, own: Stamp | undefined): Proof | undefined =>
  known === undefined ||
  own === undefined ||
  known.isTroubled ||
  known.snapshot.driver === undefined ||
  known.snapshot.driver.libraries.length === 0
    ? undefined
    : { stamps: [...known.stamps, own], links: known.links }

/** The driver is there, and in no place that comes before. */
export async function isDriversPlace(
  host: HostFiles,
  { driverRoot }: SnapshotOptions,
  said: SaidPlaces,
): Promise<boolean> {
  if (said.driverRoot !== undefined || driverRoot === usualRoots[0]) return true
  const { chooseSnapshotOptions } = await import("../core/plan/choose-snapshot-options.ts")
  return chooseSnapshotOptions(host, said).driverRoot === driverRoot
}

/** Faults: HostUnknown, RecordingInvalid. */
export async function lookAtMachine(
  selector: string | undefined,
  said: SaidPlaces,
  state: string | undefined,
): Promise<Result<FoundMachine>> {
  const [{ openHost }, { chooseSnapshotOptions }, { observeAndRemember }] = await Promise.all([
    import("../host/open-host.ts"),
    import("../core/plan/choose-snapshot-options.ts"),
    import("../host/observe-and-remember.ts"),
  ])
  const host = openHost(selector)
  if (!host.ok) return host
  const lookAt = (options: SnapshotOptions): FoundMachine => {
    const { snapshot, remembered, own } = observeAndRemember(host.value, options, state)
    return { host: host.value, options, snapshot, proof: proofOf(remembered, own) }
  }
  // The machine's own root holds the driver nearly always, and a look tells as much as a search.
  const own = said.driverRoot === undefined ? lookAt(optionsAt("/", said)) : undefined
  const isOwn = (own?.snapshot.driver?.libraries.length ?? 0) > 0
  return ok(own !== undefined && isOwn ? own : lookAt(chooseSnapshotOptions(host.value, said)))
}

const optionsAt = (
  driverRoot: string,
  { ldcache = "/etc/ld.so.cache", searchPaths = [], devRoot }: SaidPlaces,
): SnapshotOptions => ({
  driverRoot,
  ldcache,
  searchPaths,
  ...(devRoot === undefined ? {} : { devRoot }),
})
