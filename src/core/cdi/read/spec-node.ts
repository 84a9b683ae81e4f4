/**
 * The text of a specification as values that know where they stand, whether it was JSON or YAML.
 * An alias of YAML is the very value that it names, so its place is that value's.
 */

import type { SpecPath } from "../spec.ts"

interface Span {
  /** Offsets in the text, UTF-16 code units; `end` is one past the last. */
  readonly start: number
  readonly end: number
}

/** What a word without quotes means. */
export type SpecScalar =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }

export interface SpecEntry {
  readonly key: string
  readonly keyStart: number
  readonly value: SpecNode
}

export type SpecMap = { readonly kind: "map"; readonly entries: readonly SpecEntry[] }
export type SpecList = { readonly kind: "list"; readonly items: readonly SpecNode[] }

export type SpecNode = Span & (SpecScalar | SpecMap | SpecList)

/** Why a text has no values, and where. */
export interface SpecTextProblem {
  readonly at: number
  readonly problem: string
}

/** What a text comes to, read as JSON or as YAML. */
export type SpecTextOutcome =
  | {
      readonly ok: true
      /** undefined: the text has no value. */
      readonly root: SpecNode | undefined
      /** Where text begins that is not looked at; undefined: there is none. */
      readonly unread: number | undefined
    }
  | ({ readonly ok: false } & SpecTextProblem)

/** Nothing of a specification lies deeper than seven levels; what does cannot be one. */
export const depthLimit = 64

/** A field's name as Go's decoder compares it: of letters outside ASCII only the long s and the sign of kelvin, a small k, fold to ASCII ones. */
export const foldName = (name: string): string => name.toLowerCase().replaceAll("\u017f", "s")

/** The offset of the value at a path, or of the nearest that is there around it. */
export function offsetOf(root: SpecNode, path: SpecPath): number {
  let node = root
  for (const step of path) {
    let next: SpecNode | undefined
    if (typeof step === "number" && node.kind === "list") next = node.items[step]
    else if (typeof step === "string" && node.kind === "map")
      next = node.entries.find(({ key }) => key === step || foldName(key) === foldName(step))?.value
    if (next === undefined) break
    node = next
  }
  return node.start
}
