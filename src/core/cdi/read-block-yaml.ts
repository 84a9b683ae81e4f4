/**
 * Specifications as programs write them: block maps and lists, one word or text a line, in ASCII. Nearly every file is such a text, and a start
 * that reads one in this way takes a tenth of the time. Whatever else stands in a text, also what is wrong, is left to the whole grammar
 * (compose-yaml.ts): there is no outcome here but the same values or none. Tests hold them against each other.
 */

import { resolvePlain } from "./resolve-plain.ts"
import type { SpecEntry, SpecNode } from "./spec-node.ts"

/** Far above any machine's, and below the bounds of the whole grammar. */
const lineLimit = 100_000
const lineLengthLimit = 8192
const depthLimit = 32

// Tabs and other ends of a line are not for here, nor what indents a comment or an empty line.
const plainText = /^[\n\x20-\x7e]*$/
const key = /([A-Za-z_][A-Za-z0-9_./-]{0,200}):(?: +(?=[^ ])|$)/my
/** Begins no sign of the grammar. */
const plainStart = /^(?:[A-Za-z0-9_/.=+~]|-{1,2}[A-Za-z0-9])/

interface Reading {
  readonly text: string
  /** Where each line's content begins and ends; the distance to the line's begin is its column. */
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  readonly columns: readonly number[]
  line: number
}

/** undefined: it is not of this form. */
export function readBlockYaml(text: string): SpecNode | undefined {
  if (!plainText.test(text)) return undefined
  const reading = divideLines(text, text.startsWith("---\n") ? 4 : 0)
  if (reading === undefined || reading.starts.length === 0) return undefined
  const root = readBlock(reading, reading.starts[0] ?? 0, reading.columns[0] ?? 0, 0)
  return reading.line === reading.starts.length ? root : undefined
}

function divideLines(text: string, from: number): Reading | undefined {
  const starts: number[] = []
  const ends: number[] = []
  const columns: number[] = []
  const length = text.endsWith("\n") ? text.length - 1 : text.length
  for (let begin = from; begin < length; ) {
    const found = text.indexOf("\n", begin)
    const end = found === -1 ? length : found
    let start = begin
    while (text.charCodeAt(start) === 32) start++
    const isOdd = start >= end || text.charCodeAt(end - 1) === 32 || end - begin > lineLengthLimit
    if (isOdd || starts.length === lineLimit) return undefined
    starts.push(start)
    ends.push(end)
    columns.push(start - begin)
    begin = end + 1
  }
  return { text, starts, ends, columns, line: 0 }
}

/** What begins at an offset of the present line, in a column; afterwards the present line is the first behind it. */
function readBlock(reading: Reading, at: number, column: number, depth: number): SpecNode | undefined {
  if (depth > depthLimit) return undefined
  if (isDash(reading, at)) return readList(reading, at, column, depth)
  key.lastIndex = at
  const match = key.exec(reading.text)
  if (match !== null && key.lastIndex <= endOfLine(reading)) return readMap(reading, at, column, depth)
  return readScalar(reading, at)
}

const endOfLine = ({ ends, line }: Reading): number => ends[line] ?? 0
const columnNow = ({ columns, line }: Reading): number => columns[line] ?? -1
const isDash = ({ text }: Reading, at: number): boolean =>
  text.charCodeAt(at) === 45 && text.charCodeAt(at + 1) === 32

function readList(reading: Reading, start: number, column: number, depth: number): SpecNode | undefined {
  const items: SpecNode[] = []
  let at = start
  for (;;) {
    let inside = at + 1
    while (reading.text.charCodeAt(inside) === 32) inside++
    const item = readBlock(reading, inside, column + inside - at, depth + 1)
    if (item === undefined || columnNow(reading) > column) return undefined
    items.push(item)
    at = reading.starts[reading.line] ?? 0
    if (columnNow(reading) < column || !isDash(reading, at)) break
  }
  return { start, end: items.at(-1)?.end ?? start, kind: "list", items }
}

function readMap(reading: Reading, start: number, column: number, depth: number): SpecNode | undefined {
  const entries: SpecEntry[] = []
  let at = start
  for (;;) {
    key.lastIndex = at
    const name = key.exec(reading.text)?.[1]
    const behind = key.lastIndex
    // A word like `yes` is no name.
    if (name === undefined || behind > endOfLine(reading) || resolvePlain(name).kind !== "text")
      return undefined
    const value =
      behind < endOfLine(reading) ? readScalar(reading, behind) : readBelow(reading, column, depth)
    if (value === undefined || columnNow(reading) > column) return undefined
    entries.push({ key: name, keyStart: at, value })
    at = reading.starts[reading.line] ?? 0
    if (columnNow(reading) < column) break
    // Of a list's item: the list goes on, or nothing does.
    if (isDash(reading, at)) return undefined
  }
  return { start, end: entries.at(-1)?.value.end ?? start, kind: "map", entries }
}

/** The value of a name that has none beside it. Lists may stand in the column of their name. */
function readBelow(reading: Reading, column: number, depth: number): SpecNode | undefined {
  reading.line++
  const below = columnNow(reading)
  const at = reading.starts[reading.line] ?? 0
  return below > column || (below === column && isDash(reading, at))
    ? readBlock(reading, at, below, depth + 1)
    : undefined
}

/** All that is left of the line. */
function readScalar(reading: Reading, start: number): SpecNode | undefined {
  const end = endOfLine(reading)
  const written = reading.text.slice(start, end)
  reading.line++
  const quote = written[0]
  if (quote === '"' || quote === "'") {
    const value = written.slice(1, -1)
    const isWhole = written.length > 1 && written.endsWith(quote)
    return isWhole && !value.includes(quote) && !value.includes("\\")
      ? { start, end, kind: "text", value }
      : undefined
  }
  const isPlain =
    plainStart.test(written) && !written.includes(": ") && !written.includes(" #") && !written.endsWith(":")
  return isPlain && !written.startsWith("...") ? { start, end, ...resolvePlain(written) } : undefined
}
