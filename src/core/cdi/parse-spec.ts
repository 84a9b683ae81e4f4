/**
 * From a file's bytes to a specification that every engine loads, or to all that is wrong with it, each with line and column.
 * Source: CDI specification 1.1.0; what the reference's loader takes and refuses (facts §6.2). The extension does not matter there and
 * not here: what is no JSON is read as YAML.
 */

import type { CdiPlace } from "../fault/cdi-place.ts"
import { type Fault, fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { decodeUtf8 } from "../text/utf8.ts"
import { adviseSpec, type Warning } from "./advise-spec.ts"
import type { Decoding, Leniency } from "./decode-fields.ts"
import { readJson, type SpecTextOutcome } from "./read-json.ts"
import { readYaml } from "./read-yaml.ts"
import type { CdiSpec } from "./spec.ts"
import { specLimitBytes } from "./spec-limit.ts"
import type { SpecNode } from "./spec-node.ts"
import { specShape } from "./spec-shape.ts"
import { createSource, type Locate, locateIn, placeAt, type SpecSource } from "./spec-source.ts"
import { validateSpec } from "./validate-spec.ts"

export interface SpecFile {
  /** As people call it. */
  readonly path: string
  readonly bytes: Uint8Array
}

export interface ParsedSpec {
  readonly spec: CdiSpec
  readonly locate: Locate
  /** Rules of the specification that engines do not enforce. Order: by place in the text. */
  readonly warnings: readonly Warning[]
}

/** More faults or warnings of one file help nobody. */
const tellLimit = 100

/**
 * Faults: CdiTextInvalid, CdiTextEmpty, CdiTextTooLarge, CdiFieldUnknown, CdiFieldRepeated, CdiTypeWrong and those of validateSpec.
 * Order: fields' as in the text; rules' as the reference judges, and only where every field could be read.
 */
export const parseSpec = (file: SpecFile): Result<ParsedSpec, readonly Fault[]> => parseBy(file, () => true)

/** What a whole specification must say and a part of one need not. */
const ofWhole: ReadonlySet<Fault["tag"]> = new Set([
  "CdiVersionUnknown",
  "CdiVersionTooLow",
  "CdiDevicesMissing",
])

/**
 * Edits that are to be added to a specification: in the form of one, where version, kind and devices may be missing. Faults: as of parseSpec.
 */
export const parseAdditions = (file: SpecFile): Result<ParsedSpec, readonly Fault[]> =>
  parseBy(file, ({ tag, data }) => !ofWhole.has(tag) && !(tag === "CdiKindInvalid" && data.kind === ""))

/** A specification that need not say its version: who reads it works that out. Faults: as of parseSpec. */
export const parseUnversioned = (file: SpecFile): Result<ParsedSpec, readonly Fault[]> =>
  parseBy(file, ({ tag, data }) => !(tag === "CdiVersionUnknown" && data.version === ""))

function parseBy(
  { path, bytes }: SpecFile,
  counts: (broken: Fault) => boolean,
): Result<ParsedSpec, readonly Fault[]> {
  if (bytes.length > specLimitBytes)
    return fail([fault("CdiTextTooLarge", { file: path, limitBytes: specLimitBytes })])
  const source = createSource(path, decodeUtf8(bytes).replace(/^\ufeff/, ""))
  const tree = readTree(source)
  if (!tree.ok) return fail([tree.fault])
  const decoding: Decoding = { source, faults: [], leniencies: [] }
  const spec = specShape.read(tree.value.root, [], decoding)
  if (decoding.faults.length > 0) return fail(decoding.faults)
  const locate = locateIn(source, tree.value.root)
  const broken = validateSpec(spec, locate).filter(counts)
  if (broken.length > 0) return fail(broken.slice(0, tellLimit))
  return ok({
    spec,
    locate,
    warnings: [
      ...tree.value.warnings,
      ...decoding.leniencies.map(warnLeniency(source)),
      ...adviseSpec(spec, locate),
    ]
      .sort(byPlace)
      .slice(0, tellLimit),
  })
}

function byPlace({ fault: { data: one } }: Warning, { fault: { data: other } }: Warning): number {
  return one.place.line - other.place.line || one.place.column - other.place.column
}

interface SpecTree {
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

function readTree(source: SpecSource): Result<SpecTree> {
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
        warn({
          place: placeAt(source, unread, []),
          problem: "text after the end of the specification, which nobody reads",
          advice: "remove it, or give it a file of its own",
        }),
      ]

const warnYaml = (source: SpecSource): Warning =>
  warn({
    place: placeAt(source, 0, []),
    problem: "a file that is called .json and holds YAML",
    advice: "call it .yaml: a loader that goes by the name refuses it",
  })

const warnLeniency =
  (source: SpecSource) =>
  ({ path, start, what, advice }: Leniency): Warning =>
    warn({ place: placeAt(source, start, path), problem: what, advice })

interface BrokenRule {
  readonly place: CdiPlace
  readonly problem: string
  readonly advice: string
}

const warn = (broken: BrokenRule): Warning => ({
  severity: "warning",
  fault: fault("CdiRuleBroken", { ...broken, isFatal: false }),
  evidence: [],
})
