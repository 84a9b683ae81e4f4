/**
 * What was worked out for one container, kept under /run/gantry for the next that asks for the same of the same machine: planning costs more
 * than doing. Believed only while every stamp of the machine is the same and the whole key is, byte for byte. Format: docs/state.md.
 */

import { resolve } from "node:path"
import type { HostFiles } from "../../core/host/host.ts"
import type { Socket } from "../../core/inventory/inventory.ts"
import { askListening } from "../../core/inventory/listening.ts"
import type { DividedEdits } from "../../core/plan/divide-edits.ts"
import type { SnapshotOptions } from "../../core/plan/snapshot.ts"
import { readFileAt } from "../files/file-system.ts"
import { findHost } from "../find-host.ts"
import { era, isFreshProof, type Proof } from "./stamp.ts"
import { forgetState, hashOf, listStates, makeRoom, readStateText, writeStateText } from "./state-file.ts"

/** Ready to be done. */
export interface PreparedStart {
  /** The plan as JSON: a line of its own, because the log takes it as it is. */
  readonly plan: string
  /** What a wrapper makes of it; undefined: the hook does the plan itself. */
  readonly divided: DividedEdits | undefined
}

/** The first line of the file. */
interface FirstLine extends Proof, Pick<PreparedStart, "divided"> {
  readonly version: 1
  readonly key: string
  /** With whether somebody listened: no stamp tells when a service ends. */
  readonly sockets: readonly Socket[]
}

export interface StartPlace {
  /** What must stand in the file. */
  readonly key: string
  /** The state directory. */
  readonly state: string
  readonly file: string
}

/** `key`: what the container asks for. undefined: what is done for it is not kept. */
export function startPlace(
  selector: string | undefined,
  options: SnapshotOptions,
  key: string | undefined,
  state: string | undefined,
): StartPlace | undefined {
  if (key === undefined || state === undefined) return undefined
  const machine = selector === undefined || selector === "live" ? "live" : resolve(selector)
  const whole = JSON.stringify([machine, options, era(), key])
  return { key: whole, state, file: `${state}/start-${hashOf(whole)}.json` }
}

/** undefined: nothing is kept, or not any more. Whatever is wrong with the file, the container is planned anew. */
export function recallStart(
  { key, state, file }: StartPlace,
  selector: string | undefined,
): PreparedStart | undefined {
  const [first = "", plan = ""] = (readStateText(state, file) ?? "").split("\n", 2)
  const known = parseFirstLine(first)
  if (known?.version !== 1 || known.key !== key || plan === "" || !Array.isArray(known.sockets))
    return undefined
  return isFreshProof(known) && areAsTheyWere(known.sockets, selector)
    ? { plan, divided: known.divided }
    : undefined
}

function parseFirstLine(line: string): Partial<FirstLine> | undefined {
  try {
    return JSON.parse(line) as Partial<FirstLine>
  } catch {
    return undefined
  }
}

function areAsTheyWere(sockets: readonly Socket[], selector: string | undefined): boolean {
  if (sockets.length === 0) return true
  const now = askListening(sockets, listOfSockets(selector))
  return now.every(({ isListening }, index) => isListening === sockets[index]?.isListening)
}

/** Of the machine, without the rest of it. */
function listOfSockets(selector: string | undefined): Pick<HostFiles, "readFile"> {
  const place = findHost(selector)
  const root = place.ok && place.value.kind === "simulated" ? place.value.directory : ""
  return { readFile: (path, range) => readFileAt(`${root}${path}`, path, range) }
}

/** How many containers that ask for different things are kept. */
const capacity = 64

/** Beyond it a specification says so much that 64 of them would fill the state directory. Units: characters. */
const lengthLimit = 1024 * 1024

/** The proof is of the machine that it was planned from, in which nothing is wrong that no stamp would tell of. */
export function keepStart(
  { key, state, file }: StartPlace,
  { stamps, links }: Proof,
  sockets: readonly Socket[],
  { plan, divided }: PreparedStart,
): void {
  const known: FirstLine = { version: 1, key, stamps, links, sockets, divided }
  const text = `${JSON.stringify(known)}\n${plan}\n`
  if (text.length > lengthLimit) return
  makeRoom(state, file, startName, capacity)
  writeStateText(state, file, text)
}

const startName = /^start-[0-9a-f]{16}\.json$/

/** All that were planned: what was wrong for one may be for others. */
export const forgetStarts = (state: string): void => {
  for (const file of listStates(state, startName)) forgetState(file)
}
