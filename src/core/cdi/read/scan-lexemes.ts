/**
 * The words and signs of a text, by the lexer of the `yaml` package, and where they end to loaders of YAML 1.1 (libyaml, `yaml_parser_scan_plain_scalar`,
 * `yaml_parser_scan_flow_scalar`; observed on the reference's loader). The package goes by YAML 1.2 and has no option for it, so three fields of
 * its lexer are set between its steps; tests hold it. Of package version 2.9; to be removed when an option is there.
 */

import { CST, Lexer } from "yaml"
import { findQuoteEnd } from "./quote-end.ts"

/** Lexemes of the package's own: a word without quotes, or a block of text, follows; a document begins. */
const { SCALAR, DOCUMENT } = CST

interface ScannedLexeme {
  readonly lexeme: string
  /** Flow is between brackets. */
  readonly style: "flow" | "block"
}

interface LexerState {
  /** Where the lexeme at hand begins, until the next is asked for. */
  pos: number
  flowLevel: number
  indentNext: number
  /** Ours: what to go back to behind the brackets. */
  indentOutside?: number | undefined
}

/** Of the first document: loaders look at nothing behind it. Order: as in the text. */
export function* scanLexemes(text: string): Generator<ScannedLexeme, void> {
  const lexer = new Lexer()
  const state = lexer as unknown as LexerState
  let before = ""
  /** The last that is no word, blank or comment. */
  let sign = ""
  let passed = 0
  for (const found of lexer.lex(text)) {
    if (passed > 0) {
      passed--
      continue
    }
    const isText = before === SCALAR
    if (!isText && endsDocument(found, before)) return
    const style = state.flowLevel > 0 ? "flow" : "block"
    ignoreIndentInFlow(state, !isText && (found === "[" || found === "{"))
    if (style === "flow" && found === SCALAR && asksForKey.test(sign) && isGluedQuestion(text, state.pos)) {
      yield { lexeme: "?", style }
      state.pos += 1
    }
    if (isText) sign = ""
    else if (found !== SCALAR && !/^[ \t\r\n#]/.test(found)) sign = found
    const end = state.pos + found.length
    if (style === "flow" && !isText && found === "-" && isFlowSign(text[end])) {
      yield { lexeme: SCALAR, style }
      // Ahead of a comma the package has an empty word behind the dash.
      if (text[end] === ",") passed = 2
    }
    let rest = ""
    if (style === "flow" && isText) rest = colonBehind(text, end)
    if (style === "block" && !isText && /^["']/.test(found)) rest = linesBehind(text, state.pos, end)
    state.pos += rest.length
    before = found
    yield { lexeme: found + rest, style }
  }
}

const endsDocument = (found: string, before: string): boolean =>
  found === "..." || (found === "---" && before !== DOCUMENT)

/** Where a key, or a value of a list, begins. */
const asksForKey = /^[[{,]$/

/** A `?` that begins a key between brackets needs no blank behind it to loaders of YAML 1.1. Where signs follow, it stays a word, which is refused. */
const isGluedQuestion = (text: string, at: number): boolean =>
  text[at] === "?" && /[^\s"'[\]{},&*!|>%@`?:#]/.test(text[at + 1] ?? " ")

/** Lines between brackets need no indentation, and lists of arguments are written so. By YAML 1.2 (section 8.1) they do. */
function ignoreIndentInFlow(state: LexerState, opensFlow: boolean): void {
  if (opensFlow || state.flowLevel > 0) {
    state.indentOutside ??= state.indentNext
    state.indentNext = 0
  } else if (state.indentOutside !== undefined) {
    state.indentNext = state.indentOutside
    state.indentOutside = undefined
  }
}

/** Before one of these a dash or a colon belongs to a word, or is one; by YAML 1.2 it is a sign there too. */
const isFlowSign = (letter: string | undefined): boolean => letter !== undefined && ",[]{}".includes(letter)

const colonOfWord = /[ \t\r\n]*:(?=[,[\]{}])/y

/** The colon that belongs to a word between brackets, and the blanks ahead of it; "": there is none. `end`: of the word, to the package. */
function colonBehind(text: string, end: number): string {
  colonOfWord.lastIndex = end
  return colonOfWord.exec(text)?.[0] ?? ""
}

/**
 * Lines between quotes need no indentation either. By YAML 1.2 they do outside of brackets, and the package ends at the first that has
 * too little. "": it has found the end. A document's mark at the beginning of a line is not allowed.
 */
function linesBehind(text: string, start: number, end: number): string {
  if (!/[\r\n]/.test(text[end] ?? "")) return ""
  const rest = text.slice(end, findQuoteEnd(text, start) ?? end)
  return /\n(?:---|\.\.\.)[ \t\r\n]/.test(rest) ? "" : rest
}
