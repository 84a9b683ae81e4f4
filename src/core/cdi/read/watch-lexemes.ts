/**
 * What the `yaml` package takes and the loaders of engines refuse, since they scan by YAML 1.1 (libyaml, `yaml_parser_scan_to_next_token`):
 * a tab where a line, or what stands behind `-` and `?`, begins; a tab in the indentation of a text of several lines; a tag that touches
 * what follows, or has a `#` in it; an anchor whose name is not of letters, digits, `-` and `_`; a quote that only an escaped one seems to close. Between
 * brackets: a key and its colon on two lines; a `?` in a word without quotes, a colon at its beginning, and one between it and a bracket.
 * Editors leave the first behind, and then the whole file is refused.
 */

import { CST } from "yaml"
import { splitKeyProblem, tabProblem } from "./foreign-blank.ts"
import { findQuoteEnd } from "./quote-end.ts"

/** `style`: flow is between brackets. undefined: nothing that engines refuse. */
type WatchLexeme = (lexeme: string, style: "flow" | "block") => string | undefined

/** Lexemes of the package's own, which stand nowhere in the text: SCALAR announces a word without quotes, or a block of text. */
const { SCALAR, DOCUMENT, FLOW_END } = CST
const marks: readonly string[] = [SCALAR, DOCUMENT, FLOW_END]

/** A word is without quotes; a block is a text of several lines behind `|` or `>`; a remark is a comment; a sign is what is nothing else, quotes included. */
type LexemeKind = "blank" | "break" | "remark" | "announcement" | "word" | "block" | "sign"

interface Lexeme {
  readonly kind: LexemeKind
  readonly text: string
  /** Where it begins. */
  readonly column: number
  readonly isInFlow: boolean
}

/** What stands ahead of a lexeme, as far as it decides what the lexeme may be. */
interface Past {
  last: Lexeme | undefined
  /** The last that says something: a word, a block or a sign. */
  sign: Lexeme | undefined
  /** Of what comes next. */
  column: number
  /** Only blanks have come since a line, or what stands behind `-` and `?`, began. */
  isAtBeginning: boolean
  /** No line has ended since `sign` began. */
  isOnLineOfSign: boolean
  /** Blanks of the next lines are still the word's own, up to a comment or a sign. */
  isBehindWord: boolean
  /** Of the innermost block that is open: of its key or dash. -1: none is. */
  blockColumn: number
  /** A `?` has come: outside of brackets anywhere, between them for the key at hand. */
  hasQuestion: boolean
  hasQuestionInFlow: boolean
}

/** For one text. Lexemes are the package's, each of which goes in once; behind the first that is refused nothing is asked any more. */
export function watchLexemes(): WatchLexeme {
  const past: Past = {
    last: undefined,
    sign: undefined,
    column: 0,
    isAtBeginning: true,
    isOnLineOfSign: true,
    isBehindWord: false,
    blockColumn: -1,
    hasQuestion: false,
    hasQuestionInFlow: false,
  }
  return (text, style) => {
    const lexeme = { kind: kindOf(text, past), text, column: past.column, isInFlow: style === "flow" }
    const problem = judgeLexeme(lexeme, past)
    passLexeme(lexeme, past)
    return problem
  }
}

function kindOf(text: string, { last, sign }: Past): LexemeKind {
  if (/^[ \t]*$/.test(text)) return "blank"
  if (last?.text === SCALAR) return isSign(sign, /^[|>][-+]*$/) ? "block" : "word"
  if (text === SCALAR) return "announcement"
  if (/^\r?\n$/.test(text)) return "break"
  return text.startsWith("#") ? "remark" : "sign"
}

const isSign = (lexeme: Lexeme | undefined, pattern: RegExp): boolean =>
  lexeme?.kind === "sign" && pattern.test(lexeme.text)

function judgeLexeme(lexeme: Lexeme, past: Past): string | undefined {
  const isBehindTag = past.last?.kind === "sign" && past.last.text.startsWith("!")
  if (isBehindTag && !/^[ \t\r\n]/.test(lexeme.text)) return "a tag without a blank behind it"
  switch (lexeme.kind) {
    case "blank":
      return judgeBlank(lexeme, past)
    case "word":
    case "block":
      return judgeText(lexeme, past)
    case "sign":
      return judgeSign(lexeme, past)
    default:
      return undefined
  }
}

function judgeBlank({ text, column, isInFlow }: Lexeme, past: Past): string | undefined {
  const tab = text.indexOf("\t")
  if (tab === -1 || !past.isAtBeginning) return undefined
  const isIndent = past.isBehindWord ? column + tab <= past.blockColumn : !isInFlow
  return isIndent ? tabProblem : undefined
}

function judgeText({ kind, text, isInFlow }: Lexeme, { blockColumn }: Past): string | undefined {
  if (isInFlow && text.startsWith(":")) return "a word without quotes that begins with a colon"
  if (isInFlow && text.includes("?")) return "a ? in a word without quotes"
  const isIndented = kind === "block" ? hasTabInIndent(text) : hasTabBefore(text, blockColumn)
  return isIndented ? tabProblem : undefined
}

function judgeSign({ text, isInFlow }: Lexeme, past: Past): string | undefined {
  switch (text[0]) {
    case '"':
    case "'":
      return findQuoteEnd(text, 0) === text.length ? undefined : "a quote that nothing closes"
    case "&":
    case "*":
      return /^.[\w-]+$/.test(text)
        ? undefined
        : "a name of an anchor with other signs than letters, digits, - and _"
    case "!":
      return text.includes("#") ? "a # in a tag" : undefined
    case "[":
    case "{":
      // The colon of a word is a sign of its own, unless it touches a bracket.
      return isInFlow && past.last?.kind === "word" && past.last.text.endsWith(":")
        ? "a bracket right behind a colon and a word without quotes: engines want a blank between them"
        : undefined
    case ":":
      return isSplitKey(isInFlow, past) ? splitKeyProblem : undefined
    default:
      return undefined
  }
}

/** At a colon. A key that nobody wrote has no line, and one behind a `?` may have several. */
function isSplitKey(isInFlow: boolean, past: Past): boolean {
  const hasKey = past.sign !== undefined && !isSign(past.sign, /^[[{,]$/)
  return hasKey && !past.isOnLineOfSign && !(isInFlow ? past.hasQuestionInFlow : past.hasQuestion)
}

/** The lexeme becomes a part of what stands ahead of the next. */
function passLexeme(lexeme: Lexeme, past: Past): void {
  const { kind, text } = lexeme
  past.last = lexeme
  past.column = columnBehind(lexeme)
  switch (kind) {
    case "blank":
    case "announcement":
      return
    case "remark":
      past.isBehindWord = false
      return
    case "break":
      past.isAtBeginning = true
      past.isOnLineOfSign = false
      return
    case "sign":
      passSign(lexeme, past)
      break
    default:
      past.isAtBeginning = text.endsWith("\n")
  }
  past.sign = lexeme
  past.isOnLineOfSign = !text.includes("\n")
  past.isBehindWord = kind === "word"
}

function passSign({ text, column, isInFlow }: Lexeme, past: Past): void {
  past.isAtBeginning = text === "-" || text === "?" || text === DOCUMENT
  switch (text) {
    case "-":
      if (!isInFlow) past.blockColumn = column
      return
    case "?":
      past.hasQuestion = true
      past.hasQuestionInFlow = true
      return
    case ":":
      if (!isInFlow) past.blockColumn = past.sign?.column ?? 0
      past.hasQuestionInFlow = false
      return
    case "[":
    case "{":
    case ",":
      past.hasQuestionInFlow = false
  }
}

/** A mark of the package's own has no width. */
function columnBehind({ text, column }: Lexeme): number {
  if (marks.includes(text)) return column
  const lastBreak = text.lastIndexOf("\n")
  return lastBreak === -1 ? column + text.length : text.length - lastBreak - 1
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
