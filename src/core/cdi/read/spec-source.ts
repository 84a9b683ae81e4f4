/** A specification's text and where its values stand in it: what turns a rule that is broken into file, line and column. */

import type { CdiPlace } from "../../fault/cdi-place.ts"
import type { SpecPath } from "../spec.ts"
import { offsetOf, type SpecNode } from "./spec-node.ts"

/** Says where the value at a path stands. */
export type Locate = (path: SpecPath) => CdiPlace

export interface SpecSource {
  /** For people: the file's path. */
  readonly name: string
  readonly text: string
  /** Offsets at which lines begin. */
  readonly lineStarts: readonly number[]
}

export function createSource(name: string, text: string): SpecSource {
  const lineStarts = [0]
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1)
  return { name, text, lineStarts }
}

const renderPath = (path: SpecPath): string =>
  path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join("")

export function placeAt({ name, lineStarts }: SpecSource, offset: number, path: SpecPath): CdiPlace {
  let [low, high] = [0, lineStarts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((lineStarts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { file: name, line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1, path: renderPath(path) }
}

export const locateIn =
  (source: SpecSource, root: SpecNode): Locate =>
  (path) =>
    placeAt(source, offsetOf(root, path), path)

/** For a specification that was made, not read. */
export const locateNowhere =
  (name: string): Locate =>
  (path) => ({ file: name, line: 0, column: 0, path: renderPath(path) })
