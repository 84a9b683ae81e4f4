/**
 * The lexical half of the TOML parser: a cursor over the text, places, blanks and comments.
 * Source: TOML 1.0.0; a byte order mark is skipped because the reference skips it.
 */

import { fault } from "../fault/fault.ts"
import { fail, type Result } from "../fault/result.ts"
import type { TomlPlace } from "./toml-value.ts"

export interface Cursor {
  readonly text: string
  at: number
}

const tab = 9
const lineFeed = 10
const carriageReturn = 13
const space = 32
const hash = 35
const del = 127

export function createCursor(text: string): Cursor {
  return { text, at: text.charCodeAt(0) === 0xfeff ? 1 : 0 }
}

/** Line and column of an offset; computed only when asked for, so that parsing stays linear. */
export function placeOf(text: string, at: number): TomlPlace {
  let line = 1
  let lineStart = 0
  for (let next = text.indexOf("\n"); next !== -1 && next < at; next = text.indexOf("\n", next + 1)) {
    line++
    lineStart = next + 1
  }
  return { line, column: at - lineStart + 1 }
}

export function syntaxFault(cursor: Cursor, problem: string, at: number = cursor.at): Result<never> {
  return fail(fault("ConfigSyntaxInvalid", { ...placeOf(cursor.text, at), problem }))
}

export function isControl(code: number): boolean {
  return (code < space && code !== tab) || code === del
}

export function skipBlank(cursor: Cursor): void {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.at)
    if (code !== space && code !== tab) return
    cursor.at++
  }
}

/** Consumes a line end if one is here. */
function takeLineEnd(cursor: Cursor): boolean {
  const code = cursor.text.charCodeAt(cursor.at)
  if (code === lineFeed) cursor.at += 1
  else if (code === carriageReturn && cursor.text.charCodeAt(cursor.at + 1) === lineFeed) cursor.at += 2
  else return false
  return true
}

/** Consumes a comment up to, not including, its line end. A control character in it is a problem. */
function takeComment(cursor: Cursor): string | undefined {
  if (cursor.text.charCodeAt(cursor.at) !== hash) return undefined
  const end = cursor.text.indexOf("\n", cursor.at)
  const stop = end === -1 ? cursor.text.length : end
  for (; cursor.at < stop; cursor.at++) {
    const code = cursor.text.charCodeAt(cursor.at)
    if (code === carriageReturn && cursor.at + 1 === end) break
    if (isControl(code)) return "a control character in a comment"
  }
  return undefined
}

/** Skips blanks, comments and line ends: all that may stand between two items. */
export function skipBetween(cursor: Cursor): string | undefined {
  for (;;) {
    skipBlank(cursor)
    const problem = takeComment(cursor)
    if (problem !== undefined) return problem
    if (!takeLineEnd(cursor)) return undefined
  }
}

/** After a value: only blanks and a comment may follow on the line. */
export function finishLine(cursor: Cursor): string | undefined {
  skipBlank(cursor)
  const problem = takeComment(cursor)
  if (problem !== undefined) return problem
  if (cursor.at >= cursor.text.length || takeLineEnd(cursor)) return undefined
  return "more text on the line after a value"
}
