/**
 * A specification written as YAML: what words mean, anchors and merged maps, as the loaders of engines read them. Bounded in depth and in
 * what aliases make of it. Never on the start path: whoever imports this does so when a specification is read.
 */

import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml"
import { blockText } from "./block-text.ts"
import { composeYaml } from "./compose-yaml.ts"
import { findForeignEscape } from "./foreign-escape.ts"
import { keyText } from "./key-text.ts"
import { findSeparators, isLetter, separatorProblem } from "./line-separators.ts"
import { readBlockYaml } from "./read-block-yaml.ts"
import { resolvePlain } from "./resolve-plain.ts"
import { resolveTagged, tagPrefix } from "./resolve-tagged.ts"
import {
  depthLimit,
  type SpecEntry,
  type SpecList,
  type SpecMap,
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
  const made: SpecNode = { ...span, ...contentsOf(node, span, depth, reading) }
  if (anchor !== undefined) reading.anchors.set(anchor, made)
  return complete(made, reading)
}

function contentsOf(
  node: Scalar | YAMLMap | YAMLSeq,
  span: Span,
  depth: number,
  reading: Reading,
): SpecScalar | SpecMap | SpecList {
  if (isScalar(node)) return scalarOf(node, span, reading)
  if (isMap(node)) return { kind: "map", entries: entriesOf(node.items, depth, reading) }
  return { kind: "list", items: node.items.map((item) => nodeOf(item, depth + 1, reading)) }
}

type Span = Pick<SpecNode, "start" | "end">

const spanOf = ({ range }: Pick<Node, "range">): Span => ({
  start: range?.[0] ?? 0,
  end: range?.[1] ?? 0,
})

/** Counts what the node comes to, and gives it back. */
function complete(node: SpecNode, { sizes, problems }: Reading): SpecNode {
  const size = childrenOf(node).reduce((sum, child) => sum + (sizes.get(child) ?? 1), 1)
  if (size > valueLimit)
    problems.push({ at: node.start, problem: `aliases that come to more than ${valueLimit} values` })
  sizes.set(node, size)
  return node
}

function childrenOf(node: SpecNode): readonly SpecNode[] {
  if (node.kind === "map") return node.entries.map(({ value }) => value)
  return node.kind === "list" ? node.items : []
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

function scalarOf(scalar: Scalar, span: Span, reading: Reading): SpecScalar {
  const { start, end } = span
  if (scalar.type === "QUOTE_DOUBLE" || scalar.type === "QUOTE_SINGLE") allowLetters(span, reading)
  const foreign = scalar.type === "QUOTE_DOUBLE" ? findForeignEscape(reading.text, start, end) : undefined
  if (foreign !== undefined) reading.problems.push(foreign)
  const text = blockText(scalar, reading.text, span)
  const { tag } = scalar
  if (tag === undefined) return scalar.type === "PLAIN" ? resolvePlain(text) : { kind: "text", value: text }
  const tagged = resolveTagged(text, tag)
  if (tagged.ok) return tagged.scalar
  reading.problems.push({ at: start, problem: tagged.problem })
  return { kind: "null" }
}

/** Of a value in quotes, in which a line separator may be a letter. */
function allowLetters(
  { start, end }: Span,
  { text, separators }: Pick<Reading, "text" | "separators">,
): void {
  for (const at of findSeparators(text, start, end)) if (isLetter(text, at)) separators.delete(at)
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
  { start, end }: Span,
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
