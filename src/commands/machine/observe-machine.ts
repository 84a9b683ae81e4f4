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

export interface LookOptions extends Pick<SnapshotOptions, "asksMigMode"> {
  /** As `--host`, which counts where it is left out. */
  readonly selector?: string | undefined
}

/** Faults: UsageInvalid, HostUnknown, RecordingInvalid. */
export function observeMachine(
  flags: Flags,
  shape: FlagShape,
  { selector = flags.values.get("host"), asksMigMode = false }: LookOptions = {},
): Result<ObservedMachine> {
  const opened = openHost(selector)
  if (!opened.ok) return opened
  const places = machineOptions(opened.value, flags, shape)
  if (!places.ok) return places
  const options = { ...places.value, asksMigMode }
  return ok({ host: opened.value, options, snapshot: observeSnapshot(opened.value, options) })
}

/** Where to look; a driver root that nobody named is found. */
export function machineOptions(host: Host, flags: Flags, shape: FlagShape): Result<SnapshotOptions> {
  const said = saidPlaces(flags, shape)
  return said.ok ? ok(chooseSnapshotOptions(host, said.value)) : said
}
