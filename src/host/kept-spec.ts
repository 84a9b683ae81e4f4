/**
 * Finished specifications, kept under /run/gantry: to make and write out one of many GPUs takes longer than all else that its command does.
 * Believed only while every stamp of the machine is the same and the whole key is, byte for byte. Format: docs/state.md.
 */

import type { MadeSpec } from "../core/generate/made-spec.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { SnapshotOptions } from "../core/plan/snapshot.ts"
import { snapshotPlace } from "./recall-snapshot.ts"
import { isFreshProof, type Proof } from "./stamp.ts"
import { forgetState, hashOf, listStates, makeRoom, readStateText, writeStateText } from "./state-file.ts"

/** The first line of the file; behind it the text. */
interface FirstLine extends Proof {
  readonly version: 1
  readonly key: string
  readonly made: Omit<MadeSpec, "text">
}

export interface SpecPlace {
  readonly key: string
  readonly state: string
  readonly file: string
}

/** `call`: all that a specification depends on besides the machine. undefined: it is not kept. */
export function specPlace(
  host: HostFiles,
  options: SnapshotOptions,
  call: string | undefined,
  state: string | undefined,
): SpecPlace | undefined {
  const machine = snapshotPlace(host, options, state)
  if (machine === undefined || state === undefined || call === undefined) return undefined
  const key = `${machine.key}\n${call}`
  return { key, state, file: `${state}/spec-${hashOf(key)}.json` }
}

/** undefined: nothing is kept, or not any more. Whatever is wrong with the file, the specification is made anew. */
export function recallSpec({ key, state, file }: SpecPlace): MadeSpec | undefined {
  const content = readStateText(state, file) ?? ""
  const end = content.indexOf("\n")
  const known = parseFirstLine(content.slice(0, Math.max(end, 0)))
  const text = content.slice(end + 1)
  if (known?.version !== 1 || known.key !== key || known.made === undefined || text === "") return undefined
  return isFreshProof(known) ? { ...known.made, text } : undefined
}

function parseFirstLine(line: string): Partial<FirstLine> | undefined {
  try {
    return JSON.parse(line) as Partial<FirstLine>
  } catch {
    return undefined
  }
}

const fileName = /^spec-[0-9a-f]{16}\.json$/
/** How many that were asked for in different ways are kept. */
const capacity = 16
/** What is larger is not kept. Units: characters. */
const lengthLimit = 4 * 1024 * 1024

/** `proof`: of the machine that it was made of, in which nothing is wrong that no stamp would tell of. */
export function keepSpec(
  { key, state, file }: SpecPlace,
  { stamps, links }: Proof,
  { text, ...made }: MadeSpec,
): void {
  const first: FirstLine = { version: 1, key, stamps, links, made }
  const content = `${JSON.stringify(first)}\n${text}`
  if (content.length > lengthLimit) return
  makeRoom(state, file, fileName, capacity)
  writeStateText(state, file, content)
}

/** All that were made: what was wrong for one may be for others. */
export const forgetSpecs = (state: string): void => {
  for (const file of listStates(state, fileName)) forgetState(file)
}
