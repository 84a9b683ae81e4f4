/**
 * The text of a specification as values, whichever of the two forms it is in. The extension does not matter to the reference's loader, and not
 * here: what is no JSON is read as YAML. Source: observed on the reference's loader (facts §6.2).
 */

import { fault } from "../../fault/fault.ts"
import { fail, ok, type Result } from "../../fault/result.ts"
import { readJson } from "./read-json.ts"
import { readYaml } from "./read-yaml.ts"
import type { SpecNode, SpecTextOutcome } from "./spec-node.ts"
import { placeAt, type SpecSource } from "./spec-source.ts"
import { type Warning, warnOf } from "./spec-warning.ts"

export interface SpecTree {
  readonly root: SpecNode
  readonly warnings: readonly Warning[]
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no loader takes
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]/u

/** The first letter that is no blank, no end of a line and in no comment. */
function findFirst(text: string): number {
  const skipped = /[ \r\n]*(?:#[^\r\n]*)?/y
  for (let at = 0; ; at = skipped.lastIndex) {
    skipped.lastIndex = at
    if (!skipped.test(text) || skipped.lastIndex === at) return at
  }
}

/** Faults: CdiTextInvalid, CdiTextEmpty. */
export function readSpecText(source: SpecSource): Result<SpecTree> {
  const { text, name } = source
  const textFault = (format: "JSON" | "YAML" | "UTF-8", offset: number, problem: string): Result<never> =>
    fail(fault("CdiTextInvalid", { place: placeAt(source, offset, []), format, problem }))
  const strange = forbidden.exec(text)
  if (strange !== null)
    return /[\udc80-\udcff]/u.test(strange[0])
      ? textFault("UTF-8", strange.index, "a byte that is no UTF-8")
      : textFault("YAML", strange.index, "control characters are not allowed")
  // Of JSON too: to engines it is YAML, in which nothing may begin behind a tab where a block could.
  const first = findFirst(text)
  if (text[first] === "\t") return textFault("YAML", first, "a tab ahead of the first value")
  // The end of a line in YAML 1.1, a character of a text in JSON: engines fold it.
  const isLikeJson = /^\s*\{/.test(text) && !text.includes("\u0085")
  const json: SpecTextOutcome | undefined = isLikeJson ? readJson(text) : undefined
  if (json?.ok === true && json.root !== undefined)
    return ok({ root: json.root, warnings: warnUnread(source, json.unread) })
  const yaml = readYaml(text)
  if (!yaml.ok)
    return json?.ok === false && name.endsWith(".json")
      ? textFault("JSON", json.at, json.problem)
      : textFault("YAML", yaml.at, yaml.problem)
  if (yaml.root === undefined || yaml.root.kind === "null") return fail(fault("CdiTextEmpty", { file: name }))
  const warnings = name.endsWith(".json") ? [warnYaml(source)] : []
  return ok({ root: yaml.root, warnings: [...warnings, ...warnUnread(source, yaml.unread)] })
}

const warnUnread = (source: SpecSource, unread: number | undefined): readonly Warning[] =>
  unread === undefined
    ? []
    : [
        warnOf({
          place: placeAt(source, unread, []),
          problem: "text after the end of the specification, which nobody reads",
          advice: "remove it, or give it a file of its own",
        }),
      ]

const warnYaml = (source: SpecSource): Warning =>
  warnOf({
    place: placeAt(source, 0, []),
    problem: "a file that is called .json and holds YAML",
    advice: "call it .yaml: a loader that goes by the name refuses it",
  })
