/** What the commands that look at a machine share: which machine, where its driver lies, and the look itself. */

import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
import { chooseSnapshotOptions, type SaidPlaces } from "../core/plan/choose-snapshot-options.ts"
import { type HostSnapshot, observeSnapshot, type SnapshotOptions } from "../core/plan/snapshot.ts"
import { openHost } from "../host/open-host.ts"
import type { FlagShape, Flags } from "./flags.ts"
import { usageFault } from "./flags.ts"

export const machineFlags: readonly string[] = [
  "host",
  "driver-root",
  "dev-root",
  "ldcache",
  "library-search-path",
]
export const machineUsage =
  "[--host live|DIR|FILE] [--driver-root DIR] [--dev-root DIR] [--ldcache FILE] [--library-search-path DIR,…]"

export interface ObservedMachine {
  readonly host: Host
  readonly options: SnapshotOptions
  readonly snapshot: HostSnapshot
}

/** Faults: UsageInvalid, HostUnknown, RecordingInvalid. */
export function observeMachine(flags: Flags, shape: FlagShape, selector?: string): Result<ObservedMachine> {
  const opened = openHost(selector ?? flags.values.get("host"))
  if (!opened.ok) return opened
  const options = machineOptions(opened.value, flags, shape)
  if (!options.ok) return options
  return ok({
    host: opened.value,
    options: options.value,
    snapshot: observeSnapshot(opened.value, options.value),
  })
}

/** Where to look; a driver root that nobody named is found. */
export function machineOptions(host: Host, flags: Flags, shape: FlagShape): Result<SnapshotOptions> {
  const said = saidPlaces(flags, shape)
  return said.ok ? ok(chooseSnapshotOptions(host, said.value)) : said
}

/** What the command line says of where to look. Faults: UsageInvalid. */
export function saidPlaces({ values }: Flags, shape: FlagShape): Result<SaidPlaces> {
  const ldcache = values.get("ldcache") ?? "/etc/ld.so.cache"
  const searchPaths = (values.get("library-search-path") ?? "").split(/[,:]/).filter((path) => path !== "")
  const named = values.get("driver-root")
  const devRoot = values.get("dev-root")
  for (const path of [ldcache, ...searchPaths, named ?? "/", devRoot ?? "/"])
    if (!path.startsWith("/"))
      return fail(usageFault(shape, `${JSON.stringify(path)} is not an absolute path`))
  return ok({ driverRoot: named, devRoot, ldcache, searchPaths })
}
