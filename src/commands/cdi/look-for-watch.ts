/** One look of a watch at the machine, with everything by which it will know that it has to look again. */

import type { Result } from "../../core/fault/result.ts"
import { fail, ok } from "../../core/fault/result.ts"
import { canDriverCome, driverPlaces } from "../../core/generate/driver-to-come.ts"
import { findUnready, isDriverExpected, type Unready } from "../../core/generate/find-unready.ts"
import type { Host, HostFiles } from "../../core/host/host.ts"
import { findAbsence } from "../../core/inventory/find-absence.ts"
import type { HostSnapshot, SnapshotOptions } from "../../core/plan/snapshot.ts"
import type { Config } from "../../core/request/config.ts"
import { parseConfig } from "../../core/request/parse-config.ts"
import { type HostPath, hostPath } from "../../core/text/brand.ts"
import { fileStamp } from "../../host/cdi/published-spec.ts"
import { enginePlaces } from "../../host/detect-engines.ts"
import { readConfig } from "../../host/hook-sources.ts"
import { openHost } from "../../host/open-host.ts"
import { stampPlaces } from "../../host/state/make-proof.ts"
import { observeWithProof, rememberObserved } from "../../host/state/observe-and-remember.ts"
import { areFresh, areLinksFresh, type Proof, type Stamp } from "../../host/state/stamp.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import type { FlagShape, Flags } from "../flags.ts"
import { machineOptions } from "../machine/observe-machine.ts"
import { supplyNodes } from "../start/supply-nodes.ts"

/** A machine as it was when it was looked at, whoever's GPUs were sought. */
export interface Sight {
  readonly host: HostFiles
  /** Where a change would show. */
  readonly witnesses: readonly HostPath[]
  /** What decides besides the machine: programs whose version is the specification's, and whether a driver can come. There or not. */
  readonly besides: readonly Stamp[]
  /** Of the machine. undefined: something changed while it was looked at. */
  readonly proof: Proof | undefined
}

/** At NVIDIA's GPUs and their driver. */
export interface Look extends Sight {
  readonly host: Host
  readonly snapshot: HostSnapshot
  readonly unready: readonly Unready[]
  /** Why there is none to wait for, as the end of a sentence. undefined: a driver is expected. */
  readonly whyNoDriver: string | undefined
}

/** Makes the driver's missing nodes on the way, as a start would. Faults: HostUnknown, RecordingInvalid, UsageInvalid, those of parseConfig. */
export async function lookForWatch(flags: Flags, shape: FlagShape): Promise<Result<Look>> {
  const opened = openHost(flags.values.get("host"))
  if (!opened.ok) return opened
  const host = opened.value
  const options = machineOptions(host, flags, shape)
  if (!options.ok) return options
  const first = observe(host, options.value, flags)
  const { inventory } = first.snapshot
  // A module that is only for showing is not loaded for a specification, and waited for.
  const absence = findAbsence(host, inventory, { setsModes: false })
  const isLacking = absence.modules.length > 0 || absence.nodes.length > 0
  if (!isLacking || flags.on.has("without-nodes")) return ok(first)
  const config = readWatchConfig(flags)
  if (!config.ok) return fail(config.fault)
  if (config.value.value("nvidia-container-cli.load-kmods") === false) return ok(first)
  const { isChanged } = await supplyNodes(host, absence, inventory, options.value)
  return ok(isChanged ? observe(host, options.value, flags) : first)
}

/** What says whether modules are loaded and nodes made. Faults: InputUnreadable, those of parseConfig. */
export function readWatchConfig({ values }: Flags): Result<Config> {
  const { text } = readConfig({
    configPath: values.get("config"),
    profile: undefined,
    variable: (name) => process.env[name],
  })
  if (!text.ok) return text
  const parsed = parseConfig(text.value, undefined)
  return parsed.ok ? ok(parsed.value.config) : parsed
}

function observe(host: Host, options: SnapshotOptions, flags: Flags): Look {
  const places = [...placesOfEngines(host, flags), ...driverPlaces(host)]
  const besides = stampPlaces(host, places)
  const observed = observeWithProof(host, options)
  rememberObserved(host, options, stateDirectory(), observed)
  const { snapshot } = observed
  const unready = findUnready(snapshot, findAbsence(host, snapshot.inventory, { setsModes: true }))
  const witnesses = [...observed.witnesses, ...places]
  return { host, ...observed, witnesses, besides, unready, whyNoDriver: whyNoDriver(host, snapshot, flags) }
}

/** Where no engine was named, those of the machine say which version they read. */
export const placesOfEngines = (host: HostFiles, { lists }: Flags): readonly HostPath[] =>
  lists.has("for-engine") ? [] : enginePlaces(pathOf(host)).map(hostPath)

function whyNoDriver(host: Host, snapshot: HostSnapshot, { values }: Flags): string | undefined {
  const { inventory, driver } = snapshot
  if (!isDriverExpected(snapshot)) return "no NVIDIA driver drives anything here, and none is expected"
  // Who says where it lies knows of one.
  const isKnown =
    inventory.kernelModuleVersion !== undefined || driver !== undefined || values.has("driver-root")
  return isKnown || canDriverCome(host)
    ? undefined
    : "the GPU that is there has no driver, and no NVIDIA driver for this kernel is installed"
}

/** Of another machine only the usual directories are known. */
const pathOf = (host: HostFiles): string =>
  host.provenance.kind === "live" ? (process.env["PATH"] ?? "") : ""

/** So many times a change may be followed by another before it is looked at all the same. */
const settleLimit = 10

export interface KnownFile {
  readonly path: string
  /** As fileStamp gives it; undefined: it is not as it was written, and looked at again whatever it is. */
  readonly stamp: string | undefined
}

/** Nothing shows that the machine is another since. One that never came to rest is as it was seen. */
export const isAsLooked = ({ besides, proof }: Pick<Sight, "besides" | "proof">): boolean =>
  proof === undefined || (areFresh(besides) && areFresh(proof.stamps) && areLinksFresh(proof.links))

/** Ends when the machine or the file is not as it was and has come to rest, or after `pauseMs`. Units: milliseconds. */
export async function untilChanged(
  look: Sight,
  file: KnownFile,
  pauseMs: number,
  intervalMs: number,
): Promise<void> {
  const { host, witnesses, proof } = look
  const deadline = performance.now() + pauseMs
  if (proof === undefined) return await Bun.sleep(Math.min(intervalMs, pauseMs))
  for (;;) {
    const left = deadline - performance.now()
    if (left <= 0) return
    await Bun.sleep(Math.min(intervalMs, left))
    if (fileStamp(file.path) !== file.stamp || !isAsLooked(look)) break
  }
  for (let round = 0; round < settleLimit; round++) {
    const settling = stampPlaces(host, witnesses)
    await Bun.sleep(intervalMs)
    if (areFresh(settling)) return
  }
}
