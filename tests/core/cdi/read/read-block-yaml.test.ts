import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { readBlockYaml } from "../../../../src/core/cdi/read/read-block-yaml.ts"
import { readComposedYaml } from "../../../../src/core/cdi/read/read-yaml.ts"
import type { SpecNode } from "../../../../src/core/cdi/read/spec-node.ts"
import { renderSpec } from "../../../../src/core/cdi/render-spec.ts"
import { hostPath } from "../../../../src/core/text/brand.ts"
import { decodeUtf8 } from "../../../../src/core/text/utf8.ts"
import { propertyRuns } from "../../../property-runs.ts"
import { specPath, subjectOf } from "../../diagnose/healthy-machine.ts"
import { arbitraryPlainSpec, arbitrarySpec } from "../arbitrary-spec.ts"
import { specRows } from "../spec-vectors.ts"

/** All that anybody asks of a tree: values and where they begin. */
function outline(node: SpecNode | undefined): unknown {
  if (node === undefined) return "nothing"
  if (node.kind === "map")
    return [node.start, node.entries.map(({ key, keyStart, value }) => [key, keyStart, outline(value)])]
  if (node.kind === "list") return [node.start, "list", node.items.map(outline)]
  return [node.start, node.kind, node.kind === "null" ? "" : String(node.value)]
}

/** true: it was of the form, and what was read is what the whole grammar reads. */
function agrees(text: string): boolean {
  const root = readBlockYaml(text)
  if (root === undefined) return false
  const whole = readComposedYaml(text)
  expect(whole.ok ? outline(whole.root) : whole).toEqual(outline(root))
  return true
}

const small = `---
# made by hand
cdiVersion: "0.5.0"
kind: vendor.com/gpu

devices:
    - name: "0"
      containerEdits:
        env:
        - A=b c
        - 'X= #1'
        deviceNodes:
            - path: /dev/vendor0
              major: 195
              fileMode: 438
              permissions: rw
        hooks:
          -
            hookName: createContainer
            path: /usr/bin/hook
            args: 
              - hook
              - --link
              - ../card1::/dev/dri/by-path/pci-0000:07:00.0-card
    - containerEdits:
        env:
          - 010=0x10
      name: yes1
`

const nested = (depth: number): string =>
  Array.from({ length: depth }, (_, at) => `${" ".repeat(at)}a:${at + 1 < depth ? "" : " b"}\n`).join("")

const nestedInList = (depth: number): string =>
  `${Array.from({ length: depth - 2 }, (_, at) => `${" ".repeat(at)}a:\n`).join("")}${" ".repeat(depth)}- a: b\n`

describe("YAML as generators write it", () => {
  test("is read", () => {
    expect(agrees(small)).toBe(true)
    expect(agrees(small.replace("---\n", ""))).toBe(true)
    expect(agrees(small.trimEnd())).toBe(true)
  })

  test.each([
    ["a number", "a: 1"],
    ["a word that is a truth", "a: yes"],
    ["a fraction", "a: 1.5"],
    ["nothing, written", "a: null"],
    ["an empty text", 'a: ""'],
    ["a list in the column of its key", "a:\n- b\n- c\nd: e"],
    ["a list further in", "a:\n    - b\n    - c\nd: e"],
    ["a list of maps of lists", "a:\n  - b:\n    - c\n    d:\n      e: f\n  - g: h"],
    ["blanks at the end", "a: b   \nc:  d\n"],
    ["a key twice", "a: b\na: c"],
    ["a colon in a word", "a: b:c\nd: 12:30:45"],
    ["dashes in words", "a:\n  - -x\n  - --link\n  - a-b - c"],
    ["a list at the top", "- a\n- b: c\n"],
    ["a date", "a: 2001-01-01"],
    ["every sign of a word", "a: b/_.+=:@~,;()$^-c d/_.+=:@~,;()$^-e\n"],
    ["a line of a thousand letters", `a: ${"b".repeat(997)}\n`],
    ["as many maps in maps as are read", nested(64)],
    ["the same, the last in a list", nestedInList(64)],
    ["comments and empty lines", "# x\n\na: b\n   # y\nc: d\n\n"],
  ])("of the form: %s", (_, text) => {
    expect(agrees(text)).toBe(true)
  })

  test.each([
    ["nothing", ""],
    ["only a comment", "# x\n"],
    ["a key without a value", "a:\nb: c"],
    ["a key without a value at the end", "a: b\nc:"],
    ["an item without a value", "- a\n-\n- b"],
    ["a word that goes on", "a: b\n  c\nd: e"],
    ["an item that goes on", "- a\n  b"],
    ["a text that goes on", 'a: "b\n  c"'],
    ["an escape", 'a: "b\\nc"'],
    ["a quote in a quote", "a: 'it''s'"],
    ["brackets", "a: [b]\n"],
    ["braces", "a: {b: c}\n"],
    ["an anchor", "a: &x b\nc: *x"],
    ["a tag", "a: !!str 1"],
    ["a block of text", "a: |\n  b\n"],
    ["a folded block", "a: >-\n  b\n"],
    ["a comment behind a word", "a: b # c"],
    ["a merged map", "<<: {a: b}\nc: d"],
    ["a key in quotes", '"a": b'],
    ["a number for a key", "1: b"],
    ["a truth for a key", "yes: b"],
    ["a question mark", "? a\n: b"],
    ["a colon without a blank", "a:b"],
    ["a colon in a value", "a: b: c"],
    ["a colon at the end of a value", "a: b:"],
    ["a tab", "a:\tb"],
    ["the end of a line of Windows", "a: b\r\nc: d"],
    ["a letter of another alphabet", "a: ä"],
    ["two documents", "a: b\n---\nc: d"],
    ["the end of a document", "a: b\n...\n"],
    ["a directive", "%YAML 1.1\n---\na: b"],
    ["a document that begins in the line of its mark", "--- a: b"],
    ["a list in a list", "- - a\n  - b"],
    ["an item further in than its list", "- a\n  - b"],
    ["a map further in than its map", "a: b\n  c: d"],
    ["a line further out than its map", "  a: b\nc: d"],
    ["a list behind a map", "a: b\n- c"],
    ["a name of a thousand letters", `${"a".repeat(1025)}: b`],
    ["a line of more than a thousand letters", `a: ${"b".repeat(998)}\n`],
    ["more maps in maps", nested(65)],
    ["the same, the last in a list", nestedInList(65)],
    ["a reserved sign", "a: @b"],
    ["dashes alone", "a: ---"],
  ])("left to the whole grammar: %s", (_, text) => {
    expect(agrees(text)).toBe(false)
  })

  test("specifications of such words as generators write, as we write them", () => {
    let read = 0
    const numRuns = propertyRuns(500)
    fc.assert(
      fc.property(arbitraryPlainSpec, (spec) => {
        if (agrees(renderSpec(spec, "yaml"))) read++
      }),
      { numRuns },
    )
    expect(read).toBeGreaterThan(numRuns / 2)
  })

  test("whatever else we write, and every vector: read alike or left to the whole grammar", () => {
    const texts = specRows.flatMap(({ given: { text } }) => text ?? [])
    expect(texts.length).toBeGreaterThan(50)
    const read = texts.filter(agrees).length
    expect(read).toBeGreaterThan(0)
    expect(read).toBeLessThan(texts.length)
    fc.assert(
      fc.property(arbitrarySpec, (spec) => {
        agrees(renderSpec(spec, "yaml"))
      }),
    )
  })

  test("the specification of a machine, as it is generated", () => {
    const file = subjectOf({}).host.readFile(hostPath(specPath))
    expect(agrees(file.ok ? decodeUtf8(file.value) : "")).toBe(true)
  })

  test("any change of a text of the form", () => {
    const signs = [
      "\n",
      "  ",
      "- ",
      ": ",
      "#",
      '"',
      "'",
      "a",
      "---",
      "[",
      "{",
      "&a",
      "|",
      ":",
      "?",
      "0x1",
      "~",
    ]
    let read = 0
    const numRuns = propertyRuns(3000)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(small.length), fc.nat(12), fc.constantFrom(...signs, "")), { maxLength: 4 }),
        (changes) => {
          let text = small
          for (const [at, gone, sign] of changes) text = text.slice(0, at) + sign + text.slice(at + gone)
          if (agrees(text)) read++
        },
      ),
      { numRuns },
    )
    expect(read).toBeGreaterThan(numRuns / 30)
  })
})
