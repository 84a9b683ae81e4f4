/**
 * The grammar of YAML, read by the `yaml` package (docs/adr/0005-yaml-library.md) word by word, so that a text that costs too much is put
 * aside before it does. What the words mean is read-yaml.ts's affair.
 */

import { Composer, Lexer, type Node, Parser } from "yaml"
import { watchLexemes } from "./foreign-blanks.ts"
import { depthLimit, type SpecTextProblem } from "./spec-node.ts"

/** Words and signs of a text: twelve times what a machine of 64 GPUs has. They cost time and memory, not their letters. */
const lexemeLimit = 600_000

/** Each that is wrong is told of, and to tell costs far more than to read. */
const directiveLimit = 100

/** Folding the lines of one text costs more than its letters. Units: characters. */
const lexemeLengthLimit = 256 * 1024

export type YamlOutcome =
  | {
      readonly ok: true
      /** undefined: the document is empty. */
      readonly contents: Node | undefined
      /** Where another document says something, which nobody reads; undefined: there is none. */
      readonly unread: number | undefined
    }
  | ({ readonly ok: false } & SpecTextProblem)

/** Only the first document counts. */
export function composeYaml(text: string): YamlOutcome {
  const composer = new Composer({
    ...{ version: "1.1", schema: "failsafe", merge: false, resolveKnownTags: false },
    ...{ uniqueKeys: false, prettyErrors: false, strict: true, logLevel: "silent" },
  })
  const parser = new Parser()
  const firstOf = (documents: ReturnType<Composer["next"]>) => [...documents][0]
  let document: ReturnType<typeof firstOf>
  const problem = (what: string): YamlOutcome => ({ ok: false, at: parser.offset, problem: what })
  const lexer = new Lexer()
  const watch = watchLexemes()
  let before = ""
  let lexemes = 0
  let directives = 0
  for (const lexeme of lexer.lex(text)) {
    if (++lexemes > lexemeLimit) return problem(`more than ${lexemeLimit} words and signs`)
    if (lexeme.length > lexemeLengthLimit)
      return problem(`a text of more than ${lexemeLengthLimit} characters`)
    const foreign = watch(lexeme, (lexer as unknown as LexerState).flowLevel > 0 ? "flow" : "block")
    if (foreign !== undefined) return problem(foreign)
    ignoreIndentInFlow(lexer, lexeme, before)
    before = lexeme
    for (const token of parser.next(lexeme)) {
      if (token.type === "directive" && ++directives > directiveLimit)
        return problem(`more than ${directiveLimit} directives`)
      document ??= firstOf(composer.next(token))
    }
    if (document !== undefined) break
    if (parser.stack.length > 3 * depthLimit) return problem("nesting that is too deep")
  }
  if (document === undefined) {
    for (const token of parser.end()) document ??= firstOf(composer.next(token))
    document ??= firstOf(composer.end(false, text.length))
  }
  if (document === undefined) return { ok: true, contents: undefined, unread: undefined }
  const error =
    document.errors.find(({ message }) => !message.startsWith(gluedComment)) ??
    document.warnings.find(({ code }) => code === "BAD_DIRECTIVE")
  if (error !== undefined)
    return { ok: false, at: error.pos[0], problem: error.message.replaceAll("\n", " ") }
  const { explicit, version } = document.directives?.yaml ?? {}
  return explicit === true && version !== "1.1"
    ? { ok: false, at: 0, problem: `engines read YAML 1.1, not ${version}` }
    : {
        ok: true,
        contents: document.contents ?? undefined,
        unread: findUnread(text, document.contents?.range?.[1] ?? text.length),
      }
}

const documentMark = /^(?:---|\.\.\.)(?=[ \t\n]|$)/gm
/** Between documents, and nothing that one of them says: marks, blanks, comments, directives. */
const betweenDocuments = /[ \t\n]+|#[^\n]*|^%[^\n]*|^(?:---|\.\.\.)(?=[ \t\n]|$)/my

/** `from`: the end of the first document's value. */
function findUnread(text: string, from: number): number | undefined {
  documentMark.lastIndex = from
  let at = documentMark.exec(text)?.index ?? text.length
  for (;;) {
    betweenDocuments.lastIndex = at
    if (!betweenDocuments.test(text)) return at < text.length ? at : undefined
    at = betweenDocuments.lastIndex
  }
}

/** YAML 1.2 wants a blank ahead of a comment, and the package reads it all the same; loaders of YAML 1.1 want none behind a sign or a quote. */
const gluedComment = "Comments must be separated from other tokens"

interface LexerState {
  flowLevel: number
  indentNext: number
  /** Ours: what to go back to behind the brackets. */
  indentOutside?: number | undefined
}

/**
 * Between brackets loaders of YAML 1.1 do not look at the indentation of lines, and lists of arguments are written so. The package goes by
 * YAML 1.2 (section 8.1) and has no option for it, so the two fields that decide are set between its steps; tests hold it. Of package
 * version 2.9; to be removed when an option is there.
 */
function ignoreIndentInFlow(lexer: Lexer, lexeme: string, before: string): void {
  const state = lexer as unknown as LexerState
  if (opensFlow(lexeme, before) || state.flowLevel > 0) {
    state.indentOutside ??= state.indentNext
    state.indentNext = 0
  } else if (state.indentOutside !== undefined) {
    state.indentNext = state.indentOutside
    state.indentOutside = undefined
  }
}

/** The package announces texts without quotes by this character. */
const opensFlow = (lexeme: string, before: string): boolean =>
  (lexeme === "[" || lexeme === "{") && before !== "\u001f"
