/** A specification written as JSON. What follows the value is not looked at; the reference's loader looks at the next words of it. */

import { type JsonValue, parseJson } from "../../oci/json.ts"
import { findForeignBlank } from "./foreign-blank.ts"
import { findForeignEscape } from "./foreign-escape.ts"
import { findSeparators, isLetter, separatorProblem } from "./line-separators.ts"
import { resolvePlain } from "./resolve-plain.ts"
import { depthLimit, type SpecNode, type SpecTextOutcome, type SpecTextProblem } from "./spec-node.ts"

export function readJson(text: string): SpecTextOutcome {
  const parsed = parseJson(text)
  if (!parsed.ok) return { ok: false, at: parsed.at, problem: parsed.problem }
  const { end } = parsed.value
  const blanks = /[ \t\r\n]*/y
  blanks.lastIndex = end
  blanks.test(text)
  const unread = blanks.lastIndex < text.length ? blanks.lastIndex : undefined
  if (unread !== undefined && text[unread] === ":")
    return { ok: false, at: unread, problem: "a colon after the value" }
  const foreign = findForeignBlank(text)
  if (foreign !== undefined) return { ok: false, ...foreign }
  const problems: SpecTextProblem[] = []
  const root = nodeOf(text, parsed.value, 0, problems)
  const [first] = problems
  return first === undefined ? { ok: true, root, unread } : { ok: false, ...first }
}

function nodeOf(text: string, value: JsonValue, depth: number, problems: SpecTextProblem[]): SpecNode {
  const { start, end } = value
  if (depth > depthLimit) {
    problems.push({ at: start, problem: "nesting that is too deep" })
    return { start, end, kind: "null" }
  }
  switch (value.kind) {
    case "object": {
      const entries = value.members.map(({ key, keyStart, value: member }) => {
        // Engines read JSON as YAML, in which a key ends where its line does.
        const separators = findSeparators(text, keyStart, member.start)
        problems.push(...escapesIn(text, keyStart, member.start), ...separators.map(separatorProblem))
        return { key, keyStart, value: nodeOf(text, member, depth + 1, problems) }
      })
      return { start, end, kind: "map", entries }
    }
    case "array":
      return {
        start,
        end,
        kind: "list",
        items: value.items.map((item) => nodeOf(text, item, depth + 1, problems)),
      }
    case "string":
      problems.push(...escapesIn(text, start, end), ...foldedIn(text, start, end).map(separatorProblem))
      return { start, end, kind: "text", value: value.value }
    case "number":
      return { start, end, ...resolvePlain(value.text) }
    default:
      return value.value === null
        ? { start, end, kind: "null" }
        : { start, end, kind: "boolean", value: value.value }
  }
}

function escapesIn(text: string, start: number, end: number): readonly SpecTextProblem[] {
  const problem = findForeignEscape(text, start, end)
  return problem === undefined ? [] : [problem]
}

const foldedIn = (text: string, start: number, end: number): readonly number[] =>
  findSeparators(text, start, end).filter((at) => !isLetter(text, at))
