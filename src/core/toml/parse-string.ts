/** TOML's four kinds of string. Source: TOML 1.0.0, "String"; a line break in a literal string is taken as the reference takes it. */

import { ok, type Result } from "../fault/result.ts"
import { type Cursor, isControl, syntaxFault } from "./toml-text.ts"

const quote = 34
const apostrophe = 39
const backslash = 92
const lineFeed = 10
const carriageReturn = 13

const escapes: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  '"': '"',
  "\\": "\\",
}

/** The cursor stands on a quotation mark or apostrophe. */
export function parseString(cursor: Cursor): Result<string> {
  const { text, at } = cursor
  if (text.startsWith('"""', at)) return parseMultiLine(cursor, '"""')
  if (text.startsWith("'''", at)) return parseMultiLine(cursor, "'''")
  return text.charCodeAt(at) === quote ? parseBasic(cursor) : parseLiteral(cursor)
}

/** Also used for quoted keys, which may not be multi-line. */
export function parseSingleLineString(cursor: Cursor): Result<string> {
  return cursor.text.charCodeAt(cursor.at) === quote ? parseBasic(cursor) : parseLiteral(cursor)
}

function parseBasic(cursor: Cursor): Result<string> {
  const { text } = cursor
  const opened = cursor.at
  cursor.at++
  let value = ""
  let from = cursor.at
  for (;;) {
    const code = text.charCodeAt(cursor.at)
    if (code === quote) {
      value += text.slice(from, cursor.at)
      cursor.at++
      return ok(value)
    }
    if (code === backslash) {
      value += text.slice(from, cursor.at)
      const escaped = parseEscape(cursor)
      if (!escaped.ok) return escaped
      value += escaped.value
      from = cursor.at
    } else if (Number.isNaN(code)) return syntaxFault(cursor, "a string that is never closed", opened)
    else if (code === lineFeed) return syntaxFault(cursor, "a string that is not closed on its line", opened)
    else if (isControl(code)) return syntaxFault(cursor, "a control character in a string")
    else cursor.at++
  }
}

function parseLiteral(cursor: Cursor): Result<string> {
  const from = cursor.at + 1
  const end = cursor.text.indexOf("'", from)
  if (end === -1) return syntaxFault(cursor, "a string that is never closed")
  cursor.at = end + 1
  return ok(cursor.text.slice(from, end))
}

function parseMultiLine(cursor: Cursor, fence: '"""' | "'''"): Result<string> {
  const { text } = cursor
  const opened = cursor.at
  const mark = fence === '"""' ? quote : apostrophe
  cursor.at += 3
  if (text.charCodeAt(cursor.at) === lineFeed) cursor.at += 1
  else if (text.startsWith("\r\n", cursor.at)) cursor.at += 2
  let value = ""
  let from = cursor.at
  for (;;) {
    const code = text.charCodeAt(cursor.at)
    if (code === mark && text.startsWith(fence, cursor.at)) {
      // Up to two marks may stand directly before the closing three.
      let end = cursor.at
      while (end - cursor.at < 2 && text.charCodeAt(end + 3) === mark) end++
      value += text.slice(from, end)
      cursor.at = end + 3
      return ok(value)
    }
    if (code === backslash && mark === quote) {
      value += text.slice(from, cursor.at)
      const trimmed = skipLineContinuation(cursor)
      if (!trimmed) {
        const escaped = parseEscape(cursor)
        if (!escaped.ok) return escaped
        value += escaped.value
      }
      from = cursor.at
    } else if (Number.isNaN(code)) return syntaxFault(cursor, "a string that is never closed", opened)
    else if (
      isControl(code) &&
      code !== lineFeed &&
      !(code === carriageReturn && text.charCodeAt(cursor.at + 1) === lineFeed)
    )
      return syntaxFault(cursor, "a control character in a string")
    else cursor.at++
  }
}

/** A backslash at a line's end swallows all blanks and line ends up to the next character. */
function skipLineContinuation(cursor: Cursor): boolean {
  const { text } = cursor
  let at = cursor.at + 1
  while (text[at] === " " || text[at] === "\t") at++
  if (text[at] === "\r" && text[at + 1] === "\n") at++
  if (text[at] !== "\n") return false
  while (text[at] === " " || text[at] === "\t" || text[at] === "\n" || text[at] === "\r") at++
  cursor.at = at
  return true
}

function parseEscape(cursor: Cursor): Result<string> {
  const { text, at } = cursor
  const letter = text[at + 1] ?? ""
  const plain = escapes[letter]
  if (plain !== undefined) {
    cursor.at += 2
    return ok(plain)
  }
  const digits = letter === "u" ? 4 : letter === "U" ? 8 : 0
  if (digits === 0) return syntaxFault(cursor, "an unknown escape in a string")
  const hex = text.slice(at + 2, at + 2 + digits)
  if (hex.length < digits || !/^[0-9A-Fa-f]+$/.test(hex))
    return syntaxFault(cursor, "an unfinished unicode escape")
  const point = Number.parseInt(hex, 16)
  if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
    return syntaxFault(cursor, "an escape that names no character")
  cursor.at += 2 + digits
  return ok(String.fromCodePoint(point))
}
