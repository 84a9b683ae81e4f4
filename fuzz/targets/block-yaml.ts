/** The short way to read YAML and the whole grammar: where the short way has an outcome it is the same, value by value, place by place. */

import { parseSpec } from "../../src/core/cdi/read/parse-spec.ts"
import { readBlockYaml } from "../../src/core/cdi/read/read-block-yaml.ts"
import { readComposedYaml } from "../../src/core/cdi/read/read-yaml.ts"
import type { SpecNode } from "../../src/core/cdi/read/spec-node.ts"
import { renderSpec } from "../../src/core/cdi/render-spec.ts"
import { bytesOf, cdiSpecs } from "../corpus.ts"
import type { Random } from "../random.ts"
import type { FuzzTarget } from "../target.ts"

/** Where a map or a list ends nobody asks. */
function outlineNode(node: SpecNode): unknown {
  switch (node.kind) {
    case "map":
      return [node.start, node.entries.map((one) => [one.key, one.keyStart, outlineNode(one.value)])]
    case "list":
      return [node.start, "list", node.items.map(outlineNode)]
    case "null":
      return [node.start, node.end, "null"]
    default:
      return [node.start, node.end, node.kind, String(node.value)]
  }
}

/** undefined: they agree, or the short way has no outcome. */
function compareReaders(text: string): string | undefined {
  const block = readBlockYaml(text)
  if (block === undefined) return undefined
  const composed = readComposedYaml(text)
  if (!composed.ok) return `the whole grammar refuses it: ${composed.problem} at ${composed.at}`
  if (composed.root === undefined) return "the whole grammar has no value"
  const [one, other] = [block, composed.root].map((root) => JSON.stringify(outlineNode(root)))
  return one === other ? undefined : `${one} is ${other} by the whole grammar`
}

const words = [
  ...[
    "a",
    "b:",
    "kind:",
    "name: x",
    '"q"',
    "'q'",
    "'it''s'",
    '"\\n"',
    "a: b: c",
    "- ",
    "- - x",
    "-   y",
    "--flag",
    "---",
  ],
  ...[
    "010",
    "yes",
    "~",
    "null",
    "1e3",
    "0x1f",
    "<<",
    "a #b",
    "#c",
    "&a x",
    "*a",
    "!!str x",
    "|",
    "[a]",
    "{a: b}",
    "a:b",
  ],
  ...[
    "...",
    "-",
    "-a: b",
    "key : x",
    "x y",
    "a:  z",
    "=",
    "on: off",
    "é",
    "a\tb",
    "? a",
    "1: x",
    "/p:",
    "http://x",
    "a/b: c",
  ],
]

/** Lines at columns that go together, mostly. */
function composeLines(random: Random): string {
  let column = 0
  let text = random.once(3) ? "---\n" : ""
  for (let count = 1 + random.below(12); count > 0; count--) {
    column = Math.max(0, column + random.pick([-4, -2, -2, 0, 0, 0, 0, 2, 2, 4, 1]))
    const line = `${random.once(3) ? "- " : ""}${random.once(2) ? `${random.pick(["a", "b", "c/d", "e.f"])}:${random.once(2) ? "" : " "}` : ""}${random.once(3) ? "" : random.pick(words)}`
    text += `${" ".repeat(column)}${line}\n`
  }
  return random.once(6) ? text.slice(0, -1) : text
}

export const blockYaml: FuzzTarget = {
  name: "block-yaml",
  weight: 6,
  seeds: () =>
    cdiSpecs().flatMap((text) => {
      const parsed = parseSpec({ path: "x.yaml", bytes: bytesOf(text) })
      return [text, ...(parsed.ok ? [renderSpec(parsed.value.spec, "yaml")] : [])].map(bytesOf)
    }),
  tokens: [...words, "\n", "\n  ", "\n    ", " ", "  ", ":", "- ", "---\n"],
  compose: (random) => bytesOf(composeLines(random)),
  check: (input) => compareReaders(new TextDecoder("utf-8", { ignoreBOM: true }).decode(input)),
}
