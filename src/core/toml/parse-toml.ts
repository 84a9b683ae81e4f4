/**
 * TOML 1.0 text to a table whose every value knows its place. Linear in the text, bounded in depth.
 * Source: TOML 1.0.0, plus what the reference's parser accepts beyond it (a table header and a key on one line, a
 * leading dot in a key): configurations that work today must go on working. See docs/differences.md.
 */

import { ok, type Result } from "../fault/result.ts"
import { parseScalar } from "./parse-scalar.ts"
import { parseSingleLineString, parseString } from "./parse-string.ts"
import { type Cursor, createCursor, finishLine, skipBetween, skipBlank, syntaxFault } from "./toml-text.ts"
import type { TomlTable, TomlValue } from "./toml-value.ts"

/** Nesting of arrays, inline tables and dotted keys. Real files have 3; the limit keeps hostile ones off the stack. */
const depthLimit = 200

/** A table still being filled. How it came to be decides who may add to it. */
interface OpenTable extends TomlTable {
  readonly entries: Map<string, TomlValue>
  origin: "implicit" | "header" | "dotted" | "closed"
}

interface OpenArray {
  readonly kind: "array"
  readonly items: TomlValue[]
  readonly at: number
  readonly ofTables: true
}

const bareKey = /[A-Za-z0-9_-]+/y

export function parseToml(text: string): Result<TomlTable> {
  const cursor = createCursor(text)
  const root = openTable(0, "header")
  let current = root
  for (;;) {
    const problem = skipBetween(cursor)
    if (problem !== undefined) return syntaxFault(cursor, problem)
    if (cursor.at >= text.length) return ok(root)
    if (text[cursor.at] === "[") {
      const opened = parseHeader(cursor, root)
      if (!opened.ok) return opened
      current = opened.value
      continue // a key may follow on the header's line
    }
    const written = parseKeyValue(cursor, current, 0)
    if (!written.ok) return written
    const trailing = finishLine(cursor)
    if (trailing !== undefined) return syntaxFault(cursor, trailing)
  }
}

function openTable(at: number, origin: OpenTable["origin"]): OpenTable {
  return { kind: "table", entries: new Map(), at, origin }
}

const isOpenTable = (value: TomlValue): value is OpenTable => value.kind === "table" && "origin" in value
const isOpenArray = (value: TomlValue): value is OpenArray => value.kind === "array" && "ofTables" in value

/** `[a.b]` or `[[a.b]]`; the cursor stands on the first bracket. */
function parseHeader(cursor: Cursor, root: OpenTable): Result<OpenTable> {
  const start = cursor.at
  const isArray = cursor.text.startsWith("[[", start)
  cursor.at += isArray ? 2 : 1
  const key = parseKey(cursor)
  if (!key.ok) return key
  const fence = isArray ? "]]" : "]"
  if (!cursor.text.startsWith(fence, cursor.at))
    return syntaxFault(cursor, `a table header without its ${fence}`)
  cursor.at += fence.length
  let table = root
  for (const part of key.value.slice(0, -1)) {
    const next = table.entries.get(part)
    if (next === undefined) {
      const made = openTable(start, "implicit")
      table.entries.set(part, made)
      table = made
    } else if (isOpenTable(next) && next.origin !== "closed") table = next
    else {
      const last = isOpenArray(next) ? next.items.at(-1) : undefined
      if (last === undefined || !isOpenTable(last))
        return syntaxFault(cursor, `${shown(part)} is not a table`, start)
      table = last
    }
  }
  const name = key.value.at(-1) ?? ""
  const existing = table.entries.get(name)
  if (isArray) {
    const made = openTable(start, "header")
    if (existing === undefined) {
      const array: OpenArray = { kind: "array", items: [made], at: start, ofTables: true }
      table.entries.set(name, array)
    } else if (isOpenArray(existing)) existing.items.push(made)
    else return syntaxFault(cursor, `${shown(name)} is already something else`, start)
    return ok(made)
  }
  if (existing === undefined) {
    const made = openTable(start, "header")
    table.entries.set(name, made)
    return ok(made)
  }
  if (!isOpenTable(existing) || existing.origin !== "implicit")
    return syntaxFault(cursor, `table ${shown(name)} is written twice`, start)
  existing.origin = "header"
  return ok(existing)
}

function parseKeyValue(cursor: Cursor, into: OpenTable, depth: number): Result<true> {
  const start = cursor.at
  const key = parseKey(cursor)
  if (!key.ok) return key
  if (cursor.text[cursor.at] !== "=") return syntaxFault(cursor, "a key without =")
  cursor.at++
  skipBlank(cursor)
  if (key.value.length + depth > depthLimit) return syntaxFault(cursor, "nesting that is too deep", start)
  const value = parseValue(cursor, depth + key.value.length)
  if (!value.ok) return value
  let table = into
  for (const part of key.value.slice(0, -1)) {
    const next = table.entries.get(part)
    if (next === undefined) {
      const made = openTable(start, "dotted")
      table.entries.set(part, made)
      table = made
    } else if (isOpenTable(next) && next.origin === "dotted") table = next
    else return syntaxFault(cursor, `${shown(part)} is already something else`, start)
  }
  const name = key.value.at(-1) ?? ""
  if (table.entries.has(name)) return syntaxFault(cursor, `key ${shown(name)} is written twice`, start)
  table.entries.set(name, value.value)
  return ok(true)
}

/** `a . "b" . c`, blanks around the dots allowed, up to the character that ends it. */
function parseKey(cursor: Cursor): Result<readonly string[]> {
  const parts: string[] = []
  skipBlank(cursor)
  if (cursor.text[cursor.at] === ".") cursor.at++
  for (;;) {
    skipBlank(cursor)
    const first = cursor.text[cursor.at]
    if (first === '"' || first === "'") {
      const quoted = parseSingleLineString(cursor)
      if (!quoted.ok) return quoted
      parts.push(quoted.value)
    } else {
      bareKey.lastIndex = cursor.at
      const bare = bareKey.exec(cursor.text)?.[0]
      if (bare === undefined)
        return syntaxFault(cursor, "a key is missing or has a character that needs quotes")
      cursor.at = bareKey.lastIndex
      parts.push(bare)
    }
    skipBlank(cursor)
    if (cursor.text[cursor.at] !== ".") return ok(parts)
    if (parts.length > depthLimit) return syntaxFault(cursor, "nesting that is too deep")
    cursor.at++
  }
}

function parseValue(cursor: Cursor, depth: number): Result<TomlValue> {
  const first = cursor.text[cursor.at]
  if (first === '"' || first === "'") {
    const start = cursor.at
    const value = parseString(cursor)
    return value.ok ? ok({ kind: "string", value: value.value, at: start }) : value
  }
  if (first !== "[" && first !== "{") return parseScalar(cursor)
  if (depth >= depthLimit) return syntaxFault(cursor, "nesting that is too deep")
  return first === "[" ? parseArray(cursor, depth) : parseInlineTable(cursor, depth)
}

function parseArray(cursor: Cursor, depth: number): Result<TomlValue> {
  const start = cursor.at
  const items: TomlValue[] = []
  cursor.at++
  for (;;) {
    const before = skipBetween(cursor)
    if (before !== undefined) return syntaxFault(cursor, before)
    if (cursor.text[cursor.at] === "]") break
    const item = parseValue(cursor, depth + 1)
    if (!item.ok) return item
    items.push(item.value)
    const after = skipBetween(cursor)
    if (after !== undefined) return syntaxFault(cursor, after)
    if (cursor.text[cursor.at] === ",") cursor.at++
    else if (cursor.text[cursor.at] !== "]")
      return syntaxFault(cursor, "an array without , or ] where one must stand")
  }
  cursor.at++
  return ok({ kind: "array", items, at: start })
}

function parseInlineTable(cursor: Cursor, depth: number): Result<TomlValue> {
  const table = openTable(cursor.at, "header")
  cursor.at++
  skipBlank(cursor)
  if (cursor.text[cursor.at] === "}") {
    cursor.at++
    return ok(close(table))
  }
  for (;;) {
    const written = parseKeyValue(cursor, table, depth + 1)
    if (!written.ok) return written
    skipBlank(cursor)
    const end = cursor.text[cursor.at]
    if (end !== "," && end !== "}")
      return syntaxFault(cursor, "an inline table without , or } where one must stand")
    cursor.at++
    if (end === "}") return ok(close(table))
    skipBlank(cursor)
  }
}

/** Nothing may be added to an inline table afterwards, nor to the tables its dotted keys made. */
function close(table: OpenTable): OpenTable {
  table.origin = "closed"
  for (const value of table.entries.values()) if (isOpenTable(value)) close(value)
  return table
}

const shown = (key: string): string => JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key)
