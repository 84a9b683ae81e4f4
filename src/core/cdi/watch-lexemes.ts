/**
 * What the `yaml` package takes and the loaders of engines refuse, since they scan by YAML 1.1 (libyaml, `yaml_parser_scan_to_next_token`):
 * a tab where a line, or what stands behind `-` and `?`, begins; a tab in the indentation of a text of several lines; a tag that touches
 * what follows; an anchor whose name is not of letters, digits, `-` and `_`; a quote that only an escaped one seems to close. Between
 * brackets: a key and its colon on two lines; a `?` in a word without quotes, a colon at its beginning, and one between it and a bracket.
 * Editors leave the first behind, and then the whole file is refused.
 */

import { findQuoteEnd } from "./quote-end.ts"
import type { SpecTextProblem } from "./spec-node.ts"

/** `style`: flow is between brackets. undefined: nothing that engines refuse. */
type WatchLexeme = (lexeme: string, style: "flow" | "block") => string | undefined

/** The package announces words without quotes, and blocks of text, by this character. */
export const announcesText = "\u001f"
/** Of the package's own, which stand nowhere in the text. */
const marks = [announcesText, "\u0002", "\u0018"]
const tabProblem = "a tab that indents, or begins a line: engines take blanks alone"

/** For one text. Lexemes are the package's, each of which goes in once. */
export function watchLexemes(): WatchLexeme {
  let before = ""
  /** The last that is no blank and no end of a line. */
  let sign = ""
  let canBegin = true
  let isExplicitKey = false
  let hasExplicitKey = false
  let isOnOneLine = true
  /** Of what comes next, and of the last sign; a mark of the package's own has no width. */
  let column = 0
  let signColumn = 0
  /** Of the innermost block that is open: of its key or dash. -1: none is. */
  let blockColumn = -1
  /** A word without quotes, behind which the blanks of the next lines are still its own. */
  let isBehindWord = false
  let isBehindTag = false
  return (lexeme, style) => {
    const isInFlow = style === "flow"
    const isText = before === announcesText
    const isBehindColon = isBehindWord && before.endsWith(":")
    before = lexeme
    if (isBehindTag && !/^[ \t\r\n]/.test(lexeme)) return "a tag without a blank behind it"
    isBehindTag = lexeme.startsWith("!") && !isText
    const start = column
    const lastBreak = lexeme.lastIndexOf("\n")
    if (!marks.includes(lexeme))
      column = lastBreak === -1 ? start + lexeme.length : lexeme.length - lastBreak - 1
    if (/^[ \t]*$/.test(lexeme)) {
      const tab = start + lexeme.indexOf("\t")
      if (!lexeme.includes("\t") || !canBegin) return undefined
      if (isBehindWord) return tab <= blockColumn ? tabProblem : undefined
      return isInFlow ? undefined : tabProblem
    }
    if (isText) {
      const isBlock = /^[|>][-+]*$/.test(sign)
      sign = announcesText
      signColumn = start
      isOnOneLine = !lexeme.includes("\n")
      canBegin = lexeme.endsWith("\n")
      isBehindWord = !isBlock
      if (isInFlow && lexeme.startsWith(":")) return "a word without quotes that begins with a colon"
      if (isInFlow && lexeme.includes("?")) return "a ? in a word without quotes"
      const isTabbed = isBlock ? hasTabInIndent(lexeme) : hasTabBefore(lexeme, blockColumn)
      return isTabbed ? tabProblem : undefined
    }
    if (/^\r?\n$/.test(lexeme)) {
      isOnOneLine = false
      canBegin = true
      return undefined
    }
    const foreign = judgeSign(lexeme)
    if (foreign !== undefined) return foreign
    if (isInFlow && isBehindColon && /^[[{]$/.test(lexeme))
      return "a bracket right behind a colon and a word without quotes: engines want a blank between them"
    if (lexeme !== announcesText) isBehindWord = false
    if (lexeme === announcesText || lexeme.startsWith("#")) return undefined
    const isColon = lexeme === ":"
    hasExplicitKey ||= lexeme === "?"
    const isSaid = isInFlow ? isExplicitKey : hasExplicitKey
    const isSplit = isColon && !isOnOneLine && !isSaid && !/^[[{,]?$/.test(sign)
    if (!isInFlow && isColon) blockColumn = signColumn
    if (!isInFlow && lexeme === "-") blockColumn = start
    if (/^[?[{,:]$/.test(lexeme)) isExplicitKey = lexeme === "?"
    sign = lexeme
    signColumn = start
    isOnOneLine = !lexeme.includes("\n")
    canBegin = ["-", "?", "\u0002"].includes(lexeme)
    return isSplit ? "a key and its colon on two lines" : undefined
  }
}

/** Whatever stands around it. */
function judgeSign(sign: string): string | undefined {
  if (/^["']/.test(sign) && findQuoteEnd(sign, 0) !== sign.length) return "a quote that nothing closes"
  return /^[&*]/.test(sign) && !/^.[\w-]+$/.test(sign)
    ? "a name of an anchor with other signs than letters, digits, - and _"
    : undefined
}

/** In a later line of a word, up to a column. */
const hasTabBefore = (word: string, column: number): boolean =>
  word.split("\n").some((line, index) => {
    const blanks = /^ */.exec(line)?.[0].length ?? 0
    return index > 0 && line[blanks] === "\t" && blanks <= column
  })

/** Of a text of several lines: before the first that says something, and in front of the others' own blanks. */
function hasTabInIndent(body: string): boolean {
  const lines = body.split("\n")
  const first = lines.findIndex((line) => /[^ \t\r]/.test(line))
  const indent = /^ */.exec(lines[first] ?? "")?.[0].length ?? 0
  return lines.some((line, index) => {
    const blanks = /^ */.exec(line)?.[0].length ?? 0
    return line[blanks] === "\t" && (index <= first || first === -1 || blanks < indent)
  })
}

/** The same in what is read as JSON, where no text has a line's end in it. */
export function findForeignBlank(json: string): SpecTextProblem | undefined {
  const split = /"[ \t]*\r?\n\s*:/.exec(json)
  if (split !== null) return { at: split.index, problem: "a key and its colon on two lines" }
  let end = json.length
  while (/[ \t\r\n]/.test(json[end - 1] ?? "")) end--
  const tab = /\n *\t/.exec(json.slice(end))
  return tab === null ? undefined : { at: end + tab.index + 1, problem: tabProblem }
}
