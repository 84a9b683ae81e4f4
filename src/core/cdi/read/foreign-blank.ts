/**
 * Blanks and ends of lines that JSON takes and the loaders of engines refuse, because to them every specification is YAML 1.1. In what is read as
 * YAML watch-lexemes.ts finds the same, and more.
 */

import type { SpecTextProblem } from "./spec-node.ts"

export const tabProblem = "a tab that indents, or begins a line: engines take blanks alone"
export const splitKeyProblem = "a key and its colon on two lines"

/** In JSON, where no text has a line's end in it. undefined: there is none. */
export function findForeignBlank(json: string): SpecTextProblem | undefined {
  const split = /"[ \t]*\r?\n\s*:/.exec(json)
  if (split !== null) return { at: split.index, problem: splitKeyProblem }
  // Between brackets a line may begin with a tab, behind the value it may not.
  let valueEnd = json.length
  while (/[ \t\r\n]/.test(json[valueEnd - 1] ?? "")) valueEnd--
  const tab = /\n *\t/.exec(json.slice(valueEnd))
  return tab === null ? undefined : { at: valueEnd + tab.index + 1, problem: tabProblem }
}
