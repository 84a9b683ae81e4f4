/** The specification of NVIDIA's GPUs: kept, where all that it was made of is as it was; else made, and kept for the next. */

import { toolkitHooks } from "../../core/cdi/edits/toolkit-hooks.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { noAdditions } from "../../core/generate/add-edits.ts"
import type { MadeSpec } from "../../core/generate/made-spec.ts"
import type { Readers } from "../../core/generate/version-limit.ts"
import type { HostFiles } from "../../core/host/host.ts"
import type { SaidPlaces } from "../../core/plan/choose-snapshot-options.ts"
import type { SnapshotOptions } from "../../core/plan/snapshot.ts"
import { keepSpec, recallSpec, type SpecPlace, specPlace } from "../../host/state/kept-spec.ts"
import {
  type FoundMachine,
  isDriversPlace,
  lookAtMachine,
  optionsOf,
  recallMachine,
} from "../machine/find-machine.ts"
import type { SpecCall } from "./spec-call.ts"

export interface NvidiaCall {
  readonly call: SpecCall
  readonly readers: Readers
  readonly places: SaidPlaces
}

/** Faults: those of makeSpec, finishSpec. */
export async function makeNvidiaSpec(
  host: HostFiles,
  asked: NvidiaCall,
  state: string | undefined,
): Promise<Result<MadeSpec>> {
  const key = keyOf(asked)
  const placeOf = (options: SnapshotOptions): SpecPlace | undefined => specPlace(host, options, key, state)
  for (const options of optionsOf(asked.places)) {
    const place = placeOf(options)
    const kept = place && recallSpec(place)
    const machine = kept === undefined ? recallMachine(host, options, state) : undefined
    if (kept === undefined && machine === undefined) continue
    if (!(await isDriversPlace(host, options, asked.places))) break
    if (kept !== undefined) return ok(kept)
    if (machine !== undefined) return makeAndKeep(machine, asked, place)
  }
  const looked = await lookAtMachine(host, asked.places, state)
  return makeAndKeep(looked, asked, placeOf(looked.options))
}

async function makeAndKeep(
  { host, snapshot, proof }: FoundMachine,
  { call, readers }: NvidiaCall,
  place: SpecPlace | undefined,
): Promise<Result<MadeSpec>> {
  const [{ finishSpec, makeSpec }, { renderMadeSpec }] = await Promise.all([
    import("./make-spec.ts"),
    import("../../core/generate/made-spec.ts"),
  ])
  const made = makeSpec(snapshot, call)
  const finished = made.ok ? await finishSpec(made.value, host, readers, call.request) : made
  if (!finished.ok) return finished
  const spec = renderMadeSpec(finished.value, call.format)
  if (place !== undefined && proof !== undefined) keepSpec(place, proof, spec)
  return ok(spec)
}

/** All that a specification depends on besides the machine. undefined: what an administrator adds is a file of its own, and is not compared. */
function keyOf({
  call: { request, mode, kind, format },
  readers: { limit },
}: NvidiaCall): string | undefined {
  const { additions, hooks, ...rest } = request
  if (additions !== noAdditions) return undefined
  const enabled = toolkitHooks.filter((name) => hooks.isEnabled(name))
  return JSON.stringify([mode, kind, format, limit, { ...hooks, enabled }, rest])
}
