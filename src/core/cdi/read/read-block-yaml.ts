/**
 * YAML as generators write it: maps and lists by indentation, words without anchors, tags, brackets or escapes, in ASCII. It is read line
 * by line, some twenty times as fast as by the whole grammar. Whatever is not plainly of this form is left to that: undefined never
 * means that a text is wrong, and what is returned is what the whole grammar makes of the same text (tests/core/cdi/read/read-block-yaml.test.ts).
 */

import { resolvePlain } from "./resolve-plain.ts"
import { depthLimit, type SpecEntry, type SpecNode } from "./spec-node.ts"

/** A tab, the end of a line of another system, a letter of another alphabet, and signs that begin something else anywhere. */
const foreign = /[^\n\x20-\x7e]/

/** A name and its colon. */
const keyPattern = /([A-Za-z][A-Za-z0-9_./-]*) *:(?= |$)/my

/** A word that nothing else begins like, whatever stands around it. Blanks may stand in it, not at its ends. */
const plainPattern =
  /(?:[A-Za-z0-9/_.+]|-(?=[A-Za-z0-9/_.+-]))[A-Za-z0-9/_.+=:@~,;()$^-]*(?: +[A-Za-z0-9/_.+=:@~,;()$^-]+)*/y

/** A name that is followed by a colon may have no more than 1,024 letters, and there are bounds on texts. */
const lineLimit = 1000

interface Cursor {
  readonly text: string
  /** Of the line: where it begins to say something, and where it ends; -1: there is none. */
  start: number
  end: number
  /** The column of `start`. */
  indent: number
  isForeign: boolean
}

/** undefined: it is not of this form. */
export function readBlockYaml(text: string): SpecNode | undefined {
  if (foreign.test(text)) return undefined
  const cursor: Cursor = { text, start: 0, end: -1, indent: 0, isForeign: false }
  advance(cursor)
  if (cursor.start !== -1 && cursor.indent === 0 && lineOf(cursor) === "---") advance(cursor)
  if (cursor.start === -1) return undefined
  const root = readBlock(cursor, 0)
  return cursor.isForeign || cursor.start !== -1 ? undefined : root
}

const lineOf = ({ text, start, end }: Cursor): string => text.slice(start, end)

/** To the next line that says something. */
function advance(cursor: Cursor): void {
  const { text } = cursor
  let at = cursor.end + 1
  while (at < text.length) {
    const found = text.indexOf("\n", at)
    const end = found === -1 ? text.length : found
    let start = at
    while (start < end && text.charCodeAt(start) === 32) start++
    if (end - at > lineLimit) break
    if (start < end && text[start] !== "#") {
      cursor.start = start
      cursor.end = end
      cursor.indent = start - at
      return
    }
    at = end + 1
  }
  cursor.isForeign ||= at < text.length
  cursor.start = -1
}

const nothing: SpecNode = { start: 0, end: 0, kind: "null" }

function refuse(cursor: Cursor): SpecNode {
  cursor.isForeign = true
  // Nothing more is read.
  cursor.start = -1
  return nothing
}

const isItem = ({ text, start, end }: Cursor): boolean =>
  text[start] === "-" && (start + 1 === end || text[start + 1] === " ")

function readBlock(cursor: Cursor, depth: number): SpecNode {
  if (depth >= depthLimit) return refuse(cursor)
  return isItem(cursor) ? readList(cursor, depth) : readMap(cursor, depth)
}

/** From a line whose first key stands at the cursor. */
function readMap(cursor: Cursor, depth: number): SpecNode {
  const { start, indent } = cursor
  const entries: SpecEntry[] = []
  let { end } = cursor
  while (cursor.start !== -1 && cursor.indent === indent) {
    keyPattern.lastIndex = cursor.start
    const match = keyPattern.exec(cursor.text)
    const key = match?.[1]
    if (key === undefined || resolvePlain(key).kind !== "text") return refuse(cursor)
    const keyStart = cursor.start
    const value = readValue(cursor, keyPattern.lastIndex, indent, depth)
    entries.push({ key, keyStart, value })
    end = value.end
  }
  return cursor.start !== -1 && cursor.indent > indent ? refuse(cursor) : { start, end, kind: "map", entries }
}

/** What stands behind a colon, or below it. */
function readValue(cursor: Cursor, from: number, indent: number, depth: number): SpecNode {
  const at = skipBlanks(cursor, from)
  if (at < cursor.end) return readScalar(cursor, at)
  advance(cursor)
  if (cursor.start === -1) return refuse(cursor)
  // A list may stand in the column of its key.
  const isBelow = cursor.indent > indent || (cursor.indent === indent && isItem(cursor))
  return isBelow ? readBlock(cursor, depth + 1) : refuse(cursor)
}

function readList(cursor: Cursor, depth: number): SpecNode {
  const { start, indent } = cursor
  const items: SpecNode[] = []
  let { end } = cursor
  while (cursor.start !== -1 && cursor.indent === indent && isItem(cursor)) {
    const item = readItem(cursor, indent, depth)
    items.push(item)
    end = item.end
  }
  return cursor.start !== -1 && cursor.indent > indent ? refuse(cursor) : { start, end, kind: "list", items }
}

function readItem(cursor: Cursor, indent: number, depth: number): SpecNode {
  const at = skipBlanks(cursor, cursor.start + 1)
  if (at === cursor.end) {
    advance(cursor)
    return cursor.start !== -1 && cursor.indent > indent ? readBlock(cursor, depth + 1) : refuse(cursor)
  }
  keyPattern.lastIndex = at
  if (!keyPattern.test(cursor.text)) return readScalar(cursor, at)
  if (depth + 1 >= depthLimit) return refuse(cursor)
  cursor.indent += at - cursor.start
  cursor.start = at
  return readMap(cursor, depth + 1)
}

function skipBlanks({ text, end }: Cursor, from: number): number {
  let at = from
  while (at < end && text.charCodeAt(at) === 32) at++
  return at
}

/** To the end of the line, and the cursor to the next. Where that goes on with the word, its owner sees that it stands further in. */
function readScalar(cursor: Cursor, start: number): SpecNode {
  const { text } = cursor
  let end = cursor.end
  while (text.charCodeAt(end - 1) === 32) end--
  const quote = text[start]
  let node: SpecNode
  if (quote === '"' || quote === "'") {
    const inside = text.slice(start + 1, end - 1)
    if (end - start < 2 || text[end - 1] !== quote || inside.includes(quote) || inside.includes("\\"))
      return refuse(cursor)
    node = { start, end, kind: "text", value: inside }
  } else {
    plainPattern.lastIndex = start
    if (!plainPattern.test(text) || plainPattern.lastIndex !== end) return refuse(cursor)
    const word = text.slice(start, end)
    if (/:(?: |$)|^-+$/.test(word)) return refuse(cursor)
    node = { start, end, ...resolvePlain(word) }
  }
  advance(cursor)
  return node
}
