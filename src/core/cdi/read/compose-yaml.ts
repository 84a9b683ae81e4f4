/**
 * The grammar of YAML, read by the `yaml` package (docs/adr/0005-yaml-library.md) word by word, so that a text that costs too much is put
 * aside before it does. What the words mean is read-yaml.ts's affair.
 */

import { Composer, type Node, Parser } from "yaml"
import { scanLexemes } from "./scan-lexemes.ts"
import { depthLimit, type SpecTextProblem } from "./spec-node.ts"
import { watchLexemes } from "./watch-lexemes.ts"

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
    version: "1.1",
    schema: "failsafe",
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    strict: true,
  })
  const parser = new Parser()
  const problem = (what: string): YamlOutcome => ({ ok: false, at: parser.offset, problem: what })
  const watch = watchLexemes()
  let lexemes = 0
  let directives = 0
  for (const { lexeme, style } of scanLexemes(text)) {
    if (++lexemes > lexemeLimit) return problem(`more than ${lexemeLimit} words and signs`)
    if (lexeme.length > lexemeLengthLimit)
      return problem(`a text of more than ${lexemeLengthLimit} characters`)
    const foreign = watch(lexeme, style)
    if (foreign !== undefined) return problem(foreign)
    for (const token of parser.next(lexeme)) {
      if (token.type === "directive" && ++directives > directiveLimit)
        return problem(`more than ${directiveLimit} directives`)
      // Drained: it gives the document at its end.
      for (const _ of composer.next(token));
    }
    if (parser.stack.length > 3 * depthLimit) return problem("nesting that is too deep")
  }
  for (const token of parser.end()) for (const _ of composer.next(token));
  const [document] = composer.end(false, text.length)
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
