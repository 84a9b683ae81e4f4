/** A machine whose driver's place may not have been named: as it is remembered, else by a look, which is remembered for the next. */

import { driverRoots } from "../../core/driver/driver-roots.ts"
import type { HostFiles } from "../../core/host/host.ts"
import type { SaidPlaces } from "../../core/plan/choose-snapshot-options.ts"
import type { HostSnapshot, SnapshotOptions } from "../../core/plan/snapshot.ts"
import { type RememberedSnapshot, recallSnapshot, snapshotPlace } from "../../host/state/recall-snapshot.ts"
import { look, type Proof, type Stamp } from "../../host/state/stamp.ts"
import { withListening } from "./know-machine.ts"

export interface FoundMachine {
  readonly host: HostFiles
  readonly options: SnapshotOptions
  readonly snapshot: HostSnapshot
  /** That the machine is as it was, and so is what is remembered of it. undefined: something is not known that no stamp would tell of. */
  readonly proof: Proof | undefined
}

/** Order: as machines are looked for. */
export const optionsOf = (said: SaidPlaces): readonly SnapshotOptions[] =>
  (said.driverRoot === undefined ? driverRoots : [said.driverRoot]).map((root) => optionsAt(root, said))

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

/** No proof where something is wrong, since its repair may leave no stamp, or where the root has no driver, which says nothing of other roots. */
const proofOf = (known: RememberedSnapshot | undefined, own: Stamp | undefined): Proof | undefined =>
  known === undefined || own === undefined || known.isTroubled || !hasLibraries(known.snapshot)
    ? undefined
    : { stamps: [...known.stamps, own], links: known.links }

/** The driver is there, and in no place that comes before. */
export async function isDriversPlace(
  host: HostFiles,
  { driverRoot }: SnapshotOptions,
  said: SaidPlaces,
): Promise<boolean> {
  if (said.driverRoot !== undefined || driverRoot === driverRoots[0]) return true
  const { chooseSnapshotOptions } = await import("../../core/plan/choose-snapshot-options.ts")
  return chooseSnapshotOptions(host, said).driverRoot === driverRoot
}

const hasLibraries = ({ driver }: HostSnapshot): boolean => (driver?.libraries.length ?? 0) > 0

/** In the machine's own root, else where the driver is found. What is seen is remembered where `state` says. */
export async function lookAtMachine(
  host: HostFiles,
  said: SaidPlaces,
  state: string | undefined,
): Promise<FoundMachine> {
  const [{ ensureNvml }, { observeAndRemember }] = await Promise.all([
    import("../../host/nvml/ask-nvml.ts"),
    import("../../host/state/observe-and-remember.ts"),
  ])
  const answering = ensureNvml(host)
  const lookAt = (options: SnapshotOptions): FoundMachine => {
    const { snapshot, remembered, own } = observeAndRemember(answering, options, state)
    return { host, options, snapshot, proof: proofOf(remembered, own) }
  }
  // The machine's own root holds the driver nearly always, and a look tells as much as a search.
  if (said.driverRoot === undefined) {
    const own = lookAt(optionsAt(driverRoots[0], said))
    if (hasLibraries(own.snapshot)) return own
  }
  const { chooseSnapshotOptions } = await import("../../core/plan/choose-snapshot-options.ts")
  return lookAt(chooseSnapshotOptions(host, said))
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
