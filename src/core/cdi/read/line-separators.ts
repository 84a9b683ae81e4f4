/**
 * Line separators (U+2028, U+2029) in a specification's text: each is the end of a line in YAML 1.1, which no editor shows. In the quotes of a value
 * it is kept as it is, which is what the Go package does with any letter; elsewhere lines, comments and indentation would have to be read by
 * it. Source: observed on the reference's loader (tests/core/cdi/read/read-yaml.test.ts).
 */

import type { SpecTextProblem } from "./spec-node.ts"

/** Order: as they stand. */
export const findSeparators = (text: string, start = 0, end = text.length): readonly number[] =>
  [...text.slice(start, end).matchAll(/[\u2028\u2029]/g)].map(({ index }) => start + index)

/** Of one in the quotes of a value. Blanks beside it would be taken away, and what marks a document ends the text at the beginning of a line. */
export const isLetter = (text: string, at: number): boolean =>
  !/[ \t\r\n]/.test(`${text[at - 1] ?? ""}${text[at + 1] ?? ""}`) && !isAheadOfMark(text, at)

function isAheadOfMark(text: string, at: number): boolean {
  const mark = /(?:---|\.\.\.)[ \t\r\n\u2028\u2029]/y
  mark.lastIndex = at + 1
  return mark.test(text)
}

export const separatorProblem = (at: number): SpecTextProblem => ({
  at,
  problem:
    "a line separator (U+2028, U+2029) that is not in the quotes of a value, or stands beside blanks or the mark of a document",
})
