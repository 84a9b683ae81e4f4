/** A look at the machine that a command line means. Apart from its flags, because what is remembered of a machine needs no look. */

import { ok, type Result } from "../../core/fault/result.ts"
import type { Host } from "../../core/host/host.ts"
import { chooseSnapshotOptions } from "../../core/plan/choose-snapshot-options.ts"
import { type HostSnapshot, observeSnapshot, type SnapshotOptions } from "../../core/plan/snapshot.ts"
import { openHost } from "../../host/open-host.ts"
import type { FlagShape, Flags } from "../flags.ts"
import { saidPlaces } from "./machine-flags.ts"

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
