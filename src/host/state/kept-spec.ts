/**
 * Finished specifications, kept under /run/gantry: to make and write out one of many GPUs takes longer than all else that its command does.
 * Believed only while every stamp is the same and the whole key is, byte for byte. Format: docs/state.md.
 */

import type { MadeSpec } from "../../core/generate/made-spec.ts"
import type { HostFiles } from "../../core/host/host.ts"
import type { SnapshotOptions } from "../../core/plan/snapshot.ts"
import { snapshotPlace } from "./recall-snapshot.ts"
import { isFreshProof, type Proof } from "./stamp.ts"
import { hashOf, makeRoom, readStateText, writeStateText } from "./state-file.ts"

/** The second line of the file. The first is a sum of all that follows, and behind both stands the text. */
interface Head extends Proof {
  readonly key: string
  readonly made: Omit<MadeSpec, "text">
}

export interface SpecPlace {
  /** What must stand in the file. */
  readonly key: string
  /** The state directory. */
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
  const [sum, content] = cutLine(readStateText(state, file) ?? "")
  if (sum !== hashOf(content)) return undefined
  const [line, text] = cutLine(content)
  // What has its sum was written by this build.
  const head = JSON.parse(line) as Head
  return head.key === key && isFreshProof(head) ? { ...head.made, text } : undefined
}

function cutLine(text: string): readonly [line: string, rest: string] {
  const end = text.indexOf("\n")
  return end === -1 ? ["", ""] : [text.slice(0, end), text.slice(end + 1)]
}

const fileName = /^spec-[0-9a-f]{16}\.json$/
/** How many that were asked for in different ways are kept. */
const capacity = 16
/** What is larger is not kept. Units: characters. */
const lengthLimit = 4 * 1024 * 1024

/** `proof`: of what it was made of, in which nothing is wrong that no stamp would tell of. */
export function keepSpec(
  { key, state, file }: SpecPlace,
  { stamps, links }: Proof,
  { text, ...made }: MadeSpec,
): void {
  const head: Head = { key, stamps, links, made }
  const content = `${JSON.stringify(head)}\n${text}`
  if (content.length > lengthLimit) return
  makeRoom(state, file, fileName, capacity)
  writeStateText(state, file, `${hashOf(content)}\n${content}`)
}
