/**
 * What the `yaml` package takes and the loaders of engines refuse, since they scan by YAML 1.1 (libyaml, `yaml_parser_scan_to_next_token`):
 * a tab where a line, or what stands behind `-` and `?`, begins; a tab in the indentation of a text of several lines; between brackets
 * a key and its colon on two lines, and a `?` in a word without quotes. Editors leave the first behind, and then the whole file is refused.
 */

import type { SpecTextProblem } from "./spec-node.ts"

/** undefined: nothing that engines refuse. */
type WatchLexeme = (lexeme: string, isInFlow: boolean) => string | undefined

const announcesText = "\u001f"
const tabProblem = "a tab that indents, or begins a line: engines take blanks alone"

/** For one text. Lexemes are the package's, each of which goes in once. */
export function watchLexemes(): WatchLexeme {
  let before = ""
  /** The last that is no blank and no end of a line. */
  let sign = ""
  let canBegin = true
  let isExplicitKey = false
  let isOnOneLine = true
  return (lexeme, isInFlow) => {
    const isText = before === announcesText
    before = lexeme
    if (/^[ \t]*$/.test(lexeme))
      return canBegin && !isInFlow && lexeme.includes("\t") ? tabProblem : undefined
    if (isText) {
      const isBlock = /^[|>][-+]*$/.test(sign)
      sign = announcesText
      isOnOneLine = !lexeme.includes("\n")
      canBegin = lexeme.endsWith("\n")
      if (isInFlow) return lexeme.includes("?") ? "a ? in a word without quotes" : undefined
      return isBlock && hasTabInIndent(lexeme) ? tabProblem : undefined
    }
    if (/^\r?\n$/.test(lexeme)) {
      isOnOneLine = false
      canBegin = true
      return undefined
    }
    if (lexeme === announcesText || lexeme.startsWith("#")) return undefined
    const isColon = lexeme === ":"
    const isSplit = isColon && isInFlow && !isOnOneLine && !isExplicitKey && !/^[[{,]?$/.test(sign)
    if (/^[?[{,:]$/.test(lexeme)) isExplicitKey = lexeme === "?"
    sign = lexeme
    isOnOneLine = !lexeme.includes("\n")
    canBegin = ["-", "?", "\u0002"].includes(lexeme)
    return isSplit ? "a key and its colon on two lines" : undefined
  }
}

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
