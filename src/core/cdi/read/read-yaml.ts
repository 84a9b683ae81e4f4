/**
 * A specification written as YAML: what words mean, anchors and merged maps, as the loaders of engines read them. Bounded in depth and in
 * what aliases make of it. Never on the start path: whoever imports this does so when a specification is read.
 */

import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from "yaml"
import { blockText } from "./block-text.ts"
import { composeYaml } from "./compose-yaml.ts"
import { findForeignEscape } from "./foreign-escape.ts"
import { findSeparators, isLetter, separatorProblem } from "./line-separators.ts"
import { readBlockYaml } from "./read-block-yaml.ts"
import { floatText, resolvePlain } from "./resolve-plain.ts"
import {
  depthLimit,
  type SpecEntry,
  type SpecNode,
  type SpecScalar,
  type SpecTextOutcome,
  type SpecTextProblem,
} from "./spec-node.ts"

/** What all values come to when every alias is written out. Far above any machine's devices. */
const valueLimit = 500_000

/** Only the first document counts. */
export function readYaml(written: string): SpecTextOutcome {
  const root = readBlockYaml(written)
  return root === undefined ? readComposedYaml(written) : { ok: true, root, unread: undefined }
}

/** By the whole grammar. */
export function readComposedYaml(written: string): SpecTextOutcome {
  // YAML 1.1 has more ends of a line than 1.2. Each is one character here too, so that places stay.
  const text = written.replaceAll(/\r(?!\n)|\u0085/g, "\n")
  const composed = composeYaml(text)
  if (!composed.ok) return composed
  if (composed.contents === undefined) return { ok: true, root: undefined, unread: undefined }
  const separators = new Set(findSeparators(text))
  const reading: Reading = { text, separators, anchors: new Map(), sizes: new Map(), problems: [] }
  const root = nodeOf(composed.contents, 0, reading)
  const [problem = [...separators].map(separatorProblem)[0]] = reading.problems
  return problem === undefined ? { ok: true, root, unread: composed.unread } : { ok: false, ...problem }
}

interface Reading {
  readonly text: string
  /** Where a line separator stands that has not been found to be a letter. */
  readonly separators: Set<number>
  /** undefined: its value is still being read. */
  readonly anchors: Map<string, SpecNode | undefined>
  /** How many values each comes to. */
  readonly sizes: Map<SpecNode, number>
  readonly problems: SpecTextProblem[]
}

/** After the first problem nothing needs to be right. */
function nodeOf(node: unknown, depth: number, reading: Reading): SpecNode {
  if (isAlias(node)) return aliased(node, reading)
  if (!isScalar(node) && !isMap(node) && !isSeq(node))
    return complete({ start: 0, end: 0, kind: "null" }, reading)
  const span = spanOf(node)
  if (depth > depthLimit || reading.problems.length > 0) {
    reading.problems.push({ at: span.start, problem: "nesting that is too deep" })
    return { ...span, kind: "null" }
  }
  const { anchor } = node
  if (anchor !== undefined) reading.anchors.set(anchor, undefined)
  const made = isScalar(node)
    ? { ...span, ...scalarOf(node, span, reading) }
    : isMap(node)
      ? { ...span, kind: "map" as const, entries: entriesOf(node.items, depth, reading) }
      : {
          ...span,
          kind: "list" as const,
          items: node.items.map((item) => nodeOf(item, depth + 1, reading)),
        }
  if (anchor !== undefined) reading.anchors.set(anchor, made)
  return complete(made, reading)
}

const spanOf = ({ range }: Pick<Node, "range">): { readonly start: number; readonly end: number } => ({
  start: range?.[0] ?? 0,
  end: range?.[1] ?? 0,
})

function complete(node: SpecNode, { sizes, problems }: Reading): SpecNode {
  const children =
    node.kind === "map" ? node.entries.map(({ value }) => value) : node.kind === "list" ? node.items : []
  const size = children.reduce((sum, child) => sum + (sizes.get(child) ?? 1), 1)
  if (size > valueLimit)
    problems.push({ at: node.start, problem: `aliases that come to more than ${valueLimit} values` })
  sizes.set(node, size)
  return node
}

function aliased(alias: Alias, { anchors, problems }: Reading): SpecNode {
  const span = spanOf(alias)
  const named = anchors.get(alias.source)
  if (named !== undefined) return named
  problems.push({
    at: span.start,
    problem: anchors.has(alias.source)
      ? `the anchor ${alias.source} contains itself`
      : `unknown anchor ${alias.source}`,
  })
  return { ...span, kind: "null" }
}

const tagPrefix = "tag:yaml.org,2002:"

function scalarOf(
  scalar: Scalar,
  { start: at, end }: { readonly start: number; readonly end: number },
  reading: Reading,
): SpecScalar {
  const { problems } = reading
  if (scalar.type === "QUOTE_DOUBLE" || scalar.type === "QUOTE_SINGLE")
    for (const separator of findSeparators(reading.text, at, end))
      if (isLetter(reading.text, separator)) reading.separators.delete(separator)
  const text = blockText(scalar, reading.text, { start: at, end })
  const strange = scalar.type === "QUOTE_DOUBLE" ? findForeignEscape(reading.text, at, end) : undefined
  if (strange !== undefined) problems.push(strange)
  const { tag } = scalar
  if (tag === undefined) return scalar.type === "PLAIN" ? resolvePlain(text) : { kind: "text", value: text }
  const name = tag.startsWith(tagPrefix) ? tag.slice(tagPrefix.length) : ""
  const meant = resolvePlain(text)
  switch (name) {
    case "bool":
    case "null":
      if (meant.kind === (name === "bool" ? "boolean" : "null")) return meant
      break
    case "int":
      if (meant.kind === "integer") return meant
      break
    case "float":
      if (meant.kind === "float") return meant
      if (meant.kind === "integer") return { kind: "float", value: Number(meant.value) }
      break
    case "binary":
      break
    default:
      return { kind: "text", value: text }
  }
  problems.push({ at, problem: `${JSON.stringify(text)} cannot be read as !!${name}` })
  return { kind: "null" }
}

function entriesOf(
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  depth: number,
  reading: Reading,
): readonly SpecEntry[] {
  const entries: SpecEntry[] = []
  for (const { key, value } of pairs) {
    const keyNode = nodeOf(key, depth + 1, reading)
    if (isScalar(key)) refuseSeparators(spanOf(key), reading)
    const valueNode = nodeOf(value, depth + 1, reading)
    if (isMergeKey(key)) {
      entries.push(...mergedEntries(valueNode, reading))
      continue
    }
    const name = keyText(keyNode)
    if (name === undefined)
      reading.problems.push({ at: keyNode.start, problem: "a key that is not a scalar" })
    else entries.push({ key: name, keyStart: keyNode.start, value: valueNode })
  }
  return entries
}

/** Of a key, which ends where its line does. */
function refuseSeparators(
  { start, end }: ReturnType<typeof spanOf>,
  { text, separators }: Pick<Reading, "text" | "separators">,
): void {
  for (const at of findSeparators(text, start, end)) separators.add(at)
}

const isMergeKey = (key: unknown): boolean =>
  isScalar(key) &&
  key.value === "<<" &&
  (key.tag === undefined ? key.type === "PLAIN" : ["!", `${tagPrefix}merge`].includes(key.tag))

function mergedEntries(value: SpecNode, { problems }: Reading): readonly SpecEntry[] {
  const maps = value.kind === "list" ? value.items : [value]
  return maps.flatMap((map) => {
    if (map.kind === "map") return map.entries
    problems.push({ at: map.start, problem: "map merge requires map or sequence of maps as the value" })
    return []
  })
}

/** undefined: no loader makes a name of it. */
function keyText(node: SpecNode): string | undefined {
  switch (node.kind) {
    case "text":
      return node.value
    case "integer":
      return node.value < 2n ** 63n ? String(node.value) : undefined
    case "float":
      if (Number.isNaN(node.value)) return ".nan"
      return Number.isFinite(Math.fround(node.value))
        ? floatText(node.value)
        : node.value > 0
          ? ".inf"
          : "-.inf"
    case "boolean":
      return String(node.value)
    default:
      return undefined
  }
}
