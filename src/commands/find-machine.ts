/**
 * The machine that a command line means, with its driver's place where nobody named it: what is remembered where that holds, else a look,
 * which is remembered for the next.
 */

import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { SaidPlaces } from "../core/plan/choose-snapshot-options.ts"
import type { HostSnapshot, SnapshotOptions } from "../core/plan/snapshot.ts"
import { recallSnapshot } from "../host/recall-snapshot.ts"
import type { Proof } from "../host/stamp.ts"
import { withListening } from "./know-machine.ts"

export interface FoundMachine {
  readonly host: HostFiles
  readonly options: SnapshotOptions
  readonly snapshot: HostSnapshot
  /** undefined: nothing tells whether it is as it was. */
  readonly proof: Proof | undefined
}

/** Where a driver may lie when nobody said. Order: of search. */
const usualRoots = ["/", "/run/nvidia/driver"]

/** Where a machine may be remembered. Order: as it is looked for. */
export const usualOptions = (said: SaidPlaces): readonly SnapshotOptions[] =>
  (said.driverRoot === undefined ? usualRoots : [said.driverRoot]).map((root) => optionsAt(root, said))

/** undefined: it has to be looked at. */
export function recallMachine(
  host: HostFiles,
  options: SnapshotOptions,
  state: string | undefined,
): FoundMachine | undefined {
  const recalled = recallSnapshot(host, options, state)
  // With what is wrong of which no stamp tells, somebody may just have dealt.
  if (recalled === undefined || recalled.isTroubled) return undefined
  // Of a root without the driver nothing follows for the next.
  if (recalled.snapshot.driver?.libraries.length === 0) return undefined
  return { host, options, snapshot: withListening(recalled.snapshot, host), proof: recalled }
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
  const look = (options: SnapshotOptions): FoundMachine => {
    const { snapshot, remembered } = observeAndRemember(host.value, options, state)
    const proof = remembered?.isTroubled === false ? remembered : undefined
    return { host: host.value, options, snapshot, proof }
  }
  // The machine's own root holds the driver nearly always, and a look tells as much as a search.
  const own = said.driverRoot === undefined ? look(optionsAt("/", said)) : undefined
  const isOwn = (own?.snapshot.driver?.libraries.length ?? 0) > 0
  return ok(own !== undefined && isOwn ? own : look(chooseSnapshotOptions(host.value, said)))
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
