/**
 * The machine that a command line means, with its driver's place where nobody named it: what is remembered where that holds, else a look,
 * which is remembered for the next.
 */

import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { SaidPlaces } from "../core/plan/choose-snapshot-options.ts"
import type { HostSnapshot, SnapshotOptions } from "../core/plan/snapshot.ts"
import { openFiles } from "../host/open-files.ts"
import { recallSnapshot } from "../host/recall-snapshot.ts"
import { stateDirectory } from "../host/state-directory.ts"
import { withListening } from "./know-machine.ts"

export interface FoundMachine {
  readonly host: HostFiles
  readonly snapshot: HostSnapshot
}

/** Where a driver may lie when nobody said. Order: of search. */
const usualRoots = ["/", "/run/nvidia/driver"]

/** Faults: HostUnknown, RecordingInvalid. */
export async function findMachine(
  selector: string | undefined,
  said: SaidPlaces,
): Promise<Result<FoundMachine>> {
  const files = await openFiles(selector)
  if (!files.ok) return files
  const state = stateDirectory()
  const roots = said.driverRoot === undefined ? usualRoots : [said.driverRoot]
  const known = files.value
  for (const driverRoot of roots) {
    if (known === undefined) break
    const recalled = recallSnapshot(known, optionsAt(driverRoot, said), state)
    // With what is wrong of which no stamp tells, somebody may just have dealt.
    if (recalled === undefined || recalled.isTroubled) continue
    // Of a root without the driver nothing follows for the next.
    if (recalled.snapshot.driver?.libraries.length === 0) continue
    return ok({ host: known, snapshot: withListening(recalled.snapshot, known) })
  }
  const [{ openHost }, { chooseSnapshotOptions }, { observeAndRemember }] = await Promise.all([
    import("../host/open-host.ts"),
    import("../core/plan/choose-snapshot-options.ts"),
    import("../host/observe-and-remember.ts"),
  ])
  const host = openHost(selector)
  if (!host.ok) return host
  const observe = (options: SnapshotOptions): FoundMachine => ({
    host: host.value,
    snapshot: observeAndRemember(host.value, options, state),
  })
  // The machine's own root holds the driver nearly always, and a look tells as much as a search.
  const own = said.driverRoot === undefined ? observe(optionsAt("/", said)) : undefined
  const isOwn = (own?.snapshot.driver?.libraries.length ?? 0) > 0
  return ok(own !== undefined && isOwn ? own : observe(chooseSnapshotOptions(host.value, said)))
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
