/**
 * A specification as text, the same bytes for the same specification. YAML looks as the reference's generator writes it, so that a
 * file of one replaces a file of the other without a difference; both forms are read alike by loaders of YAML 1.1 and 1.2.
 */

import { encodeUtf8 } from "../text/utf8.ts"
import { isOutlineMap, type Outline, type OutlineMap, outlineSpec } from "./outline-spec.ts"
import { resolvePlain } from "./read/resolve-plain.ts"
import { renderJson } from "./render-outline.ts"
import type { CdiSpec } from "./spec.ts"

export type SpecFormat = "json" | "yaml"

/** As engines read a file of that name. */
export const formatOf = (path: string): SpecFormat => (path.endsWith(".json") ? "json" : "yaml")

/**
 * The same bytes for the same data; what says nothing is left out. Shape: ends with the end of a line. Order: fields as the released Go
 * types have them; devices and lists as they stand, annotations by name.
 */
export const renderSpec = (spec: CdiSpec, format: SpecFormat): string =>
  format === "json"
    ? `${renderJson(outlineSpec(spec))}\n`
    : `---\n${renderMap(outlineSpec(spec), 0, { words: new Map(), maps: new Map() })}`

/** Columns are multiples of four; what stands beside a dash stands between two of them. */
const columnInside = (column: number): number => 4 * Math.floor((column + 4) / 4)

/** What was rendered already: a specification says the same words thousands of times, and the same edits under several names. */
interface Rendered {
  readonly words: Map<string, string>
  readonly maps: Map<OutlineMap, { readonly column: number; readonly text: string }>
}

/*
 * 64 GPUs are four thousand members: lists are walked by index and texts joined where they are found, because a call, or a pair taken apart,
 * for each is measurable.
 */

/** From its first key on: what stands before that is the caller's affair, blanks or a dash. */
function renderMap(outline: OutlineMap, column: number, rendered: Rendered): string {
  const known = rendered.maps.get(outline)
  if (known?.column === column) return known.text
  const indent = " ".repeat(column)
  const { members } = outline
  let text = ""
  for (let at = 0; at < members.length; at++) {
    const [name, value] = members[at] as OutlineMap["members"][number]
    const key = rendered.words.get(name) ?? renderWord(name, rendered)
    if (at > 0) text += indent
    text += name.length > 42 && isLongKey(name) ? `? ${key}\n${indent}:` : `${key}:`
    text +=
      typeof value === "string" ? ` ${renderWord(value, rendered)}\n` : renderValue(value, column, rendered)
  }
  rendered.maps.set(outline, { column, text })
  return text
}

/**
 * A key that stands before its colon in one line has 1,024 characters at most (YAML 1.2, section 7.4.2); the reference's generator writes
 * those of more than 128 bytes so that none is refused.
 */
const isLongKey = (name: string): boolean => encodeUtf8(name).length > 128

function renderWord(word: string, { words }: Rendered): string {
  const known = words.get(word)
  if (known !== undefined) return known
  const text = yamlText(word)
  words.set(word, text)
  return text
}

/** What stands behind a colon or a dash, with the end of its line. */
function renderValue(value: Outline, column: number, rendered: Rendered): string {
  if (typeof value === "string") return ` ${renderWord(value, rendered)}\n`
  if (typeof value !== "object") return ` ${value}\n`
  const inside = columnInside(column)
  if (isOutlineMap(value))
    return value.members.length === 0
      ? " {}\n"
      : `\n${" ".repeat(inside)}${renderMap(value, inside, rendered)}`
  if (value.length === 0) return " []\n"
  const dash = `${" ".repeat(inside)}-`
  let text = "\n"
  for (let at = 0; at < value.length; at++) text += dash + renderItem(value[at] as Outline, inside, rendered)
  return text
}

/** Behind its dash. The first member of an object stands beside it. */
const renderItem = (item: Outline, column: number, rendered: Rendered): string =>
  typeof item !== "object" || !isOutlineMap(item) || item.members.length === 0
    ? renderValue(item, column, rendered)
    : ` ${renderMap(item, column + 2, rendered)}`

/** Begins like something else than a text, or holds what ends one. */
const notPlain = /^[-?:,[\]{}#&*!|>'"%@`\s]|: |:$| #|\s$|^\.\.\./
/** A dash, colon or question mark begins a text where no blank follows, and no two dashes more. */
const plainAfterAll = /^(?!---)[-?:][^\s,[\]{}]/
const readAsNumberToBase60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const readAsDate = /^[0-9]{4}-[0-9]/
/** What loaders refuse or fold, and what would break a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is told by an escape
const needsEscape = /[\0-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]/u

/** A path, or a name as GPUs and files have them: most of what a specification says. No number, date or word of YAML's looks so. */
const plainAtSight = /^(?:\/|[A-Za-z]+[-_0-9])[\w/.+-]*$/

function yamlText(text: string): string {
  if (plainAtSight.test(text)) return text
  if (needsEscape.test(text)) return doubleQuoted(text)
  if (resolvePlain(text).kind !== "text" && text !== "") return doubleQuoted(text)
  if (readAsNumberToBase60.test(text) || readAsDate.test(text) || text === "") return doubleQuoted(text)
  const begins = notPlain.exec(text)
  const isPlain = begins === null || (plainAfterAll.test(text) && !notPlain.test(`a${text}`))
  return isPlain && text !== "<<" && text !== "=" ? text : `'${text.replaceAll("'", "''")}'`
}

const doubleQuoted = (text: string): string =>
  `"${text.replaceAll(/["\\]|[^\x20-\x7e]/gu, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`
    const point = character.codePointAt(0) ?? 0
    if (point >= 0xa1 && !needsEscape.test(character)) return character
    if (point > 0xffff) return `\\U${point.toString(16).padStart(8, "0")}`
    return `\\u${point.toString(16).padStart(4, "0")}`
  })}"`
