/** A fault as one line for people: what went wrong, its code, what to do. Causes follow the sentence, innermost last. */

import { escapeControl, shorten } from "../text/escape.ts"
import { catalogue } from "./catalogue.ts"
import type { Entry } from "./entry.ts"
import type { Fault } from "./fault.ts"
import { adviceLimit, type Remedy } from "./remedy.ts"

/** The catalogue's entry for a fault; its data has the entry's type, which the compiler cannot see. */
const entryOf = (fault: Fault): Entry<never> => catalogue[fault.tag] as Entry<never>

/** Shape: `GAN1203`. Never reused for another fault. */
export const faultCode = (fault: Fault): string => entryOf(fault).code

export const faultExit = (fault: Fault): 1 | 2 => entryOf(fault).exit

export function faultSentence(fault: Fault): string {
  const own = entryOf(fault).says(fault.data as never)
  return fault.cause === undefined ? own : `${own}: ${faultSentence(fault.cause)}`
}

export const remediesOf = (fault: Fault): readonly Remedy[] => entryOf(fault).remedies(fault.data as never)

export function renderRemedy(remedy: Remedy): string {
  if (remedy.kind === "know") return remedy.text
  if (remedy.kind === "edit") return `in ${remedy.file}: ${remedy.change} (${remedy.why})`
  return `run ${remedy.argv.join(" ")}${remedy.asRoot ? " as root" : ""} (${remedy.why})`
}

/** `sentence [GAN1203]: remedy`. Never more than one line. */
export function renderFaultLine(fault: Fault): string {
  const remedy = remediesOf(fault)[0]
  const advice = remedy === undefined ? "" : `: ${renderRemedy(remedy)}`
  return escapeControl(
    `${shorten(faultSentence(fault), 600)} [${faultCode(fault)}]${shorten(advice, adviceLimit)}`,
  )
}
