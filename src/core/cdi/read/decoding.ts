/**
 * What readers of fields have in common: each takes a node, answers with a value whatever stands there, and notes what was wrong with it, so that
 * every fault of a text is collected and not the first alone.
 */

import type { ReaderEra } from "../../fault/cdi.ts"
import { type Fault, fault } from "../../fault/fault.ts"
import type { SpecPath } from "../spec.ts"
import { floatText } from "./resolve-plain.ts"
import type { SpecEntry, SpecNode } from "./spec-node.ts"
import { placeAt, type SpecSource } from "./spec-source.ts"

/** One reading of a text: where it stands, and what has been found in it so far. */
export interface Decoding {
  readonly source: SpecSource
  readonly faults: Fault[]
  /** What is taken here and not everywhere. */
  readonly leniencies: Leniency[]
}

export interface Leniency {
  readonly path: SpecPath
  readonly start: number
  readonly what: string
  readonly advice: string
  readonly refusedBy?: ReaderEra
}

/** More of them help nobody. */
const faultLimit = 100

export interface Reader<T> {
  /** What a field that was left out means. */
  readonly empty: T
  /** `empty`, or a part of it, where it is not as it should be: then `decoding` has a fault. */
  read(node: SpecNode, path: SpecPath, decoding: Decoding): T
}

/** A value as a fault calls it. */
export const shown = (node: SpecNode): string => {
  switch (node.kind) {
    case "map":
      return "an object"
    case "list":
      return "a list"
    case "null":
      return "null"
    case "text":
      return "a string"
    case "boolean":
      return String(node.value)
    default:
      return `number ${node.kind === "integer" ? node.value : floatText(node.value)}`
  }
}

/** Makes the fault only where it is still told. */
export function report(decoding: Decoding, made: () => Fault): void {
  if (decoding.faults.length < faultLimit) decoding.faults.push(made())
}

/** Likewise: a file of nothing but numbers where texts belong has a million. */
export function tolerate(decoding: Decoding, made: () => Leniency): void {
  if (decoding.leniencies.length < faultLimit) decoding.leniencies.push(made())
}

/** `expected`: as `a string`. */
export function refuse(node: SpecNode, path: SpecPath, decoding: Decoding, expected: string): void {
  report(decoding, () => {
    const place = placeAt(decoding.source, node.start, path)
    return fault("CdiTypeWrong", { place, found: shown(node), expected })
  })
}

/** A name that stands in an object a second time. `other`: as it is spelled the first time. `path`: of the object. */
export function reportRepeated(entry: SpecEntry, other: string, path: SpecPath, decoding: Decoding): void {
  report(decoding, () => {
    const place = placeAt(decoding.source, entry.keyStart, path)
    return fault("CdiFieldRepeated", { place, field: entry.key, other })
  })
}
