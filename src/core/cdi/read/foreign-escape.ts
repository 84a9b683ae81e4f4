/**
 * Escapes of JSON that the loaders of engines do not read, because to them every specification is YAML 1.1: `\/`, and characters in two
 * halves (`\ud83d\ude00`).
 */

import type { SpecTextProblem } from "./spec-node.ts"

const foreignEscape = /\\(?:\/|u[dD][89a-fA-F])/

/** undefined: there is none in what stands between double quotes from `start` to `end`. */
export function findForeignEscape(text: string, start: number, end: number): SpecTextProblem | undefined {
  const raw = text.slice(start, end)
  if (!raw.includes("\\")) return undefined
  const at = raw.replaceAll("\\\\", "__").search(foreignEscape)
  return at === -1
    ? undefined
    : { at: start + at, problem: "an escape that engines do not read: write the character itself" }
}
