import { describe, expect, test } from "bun:test"
import { readYaml } from "../../../../src/core/cdi/read/read-yaml.ts"
import type { SpecNode } from "../../../../src/core/cdi/read/spec-node.ts"
import flowWords from "../../../vectors/cdi/flow-words.json"

const { signs, brackets, longest } = flowWords
/** What the reference's loader makes of each text that it takes. */
const taken = new Map<string, unknown>(Object.entries(flowWords.taken))

function meaningOf(node: SpecNode): unknown {
  switch (node.kind) {
    case "map":
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, meaningOf(value)]))
    case "list":
      return node.items.map(meaningOf)
    case "null":
      return null
    default:
      return node.value
  }
}

/** Of a map in it. Every loader refuses that, ours where fields are decoded. */
function hasRepeatedName(node: SpecNode): boolean {
  if (node.kind === "list") return node.items.some(hasRepeatedName)
  if (node.kind !== "map") return false
  const names = new Set(node.entries.map(({ key }) => key))
  return names.size < node.entries.length || node.entries.some(({ value }) => hasRepeatedName(value))
}

function textsOf(node: SpecNode): readonly (SpecNode & { readonly kind: "text" })[] {
  if (node.kind === "map") return node.entries.flatMap(({ value }) => textsOf(value))
  if (node.kind === "list") return node.items.flatMap(textsOf)
  return node.kind === "text" ? [node] : []
}

function rootOf(text: string): SpecNode | undefined {
  const outcome = readYaml(text)
  return outcome.ok ? outcome.root : undefined
}

/** Every row of up to so many signs. */
function rows(length: number): readonly string[] {
  if (length === 0) return [""]
  const shorter = rows(length - 1)
  return [...new Set([...shorter, ...shorter.flatMap((row) => signs.map((sign) => row + sign))])]
}

describe("every row of three signs between brackets", () => {
  const texts = rows(longest).flatMap((row) => brackets.map(([open, close]) => `${open}${row}${close}`))

  test("there are two thousand, of which engines take six hundred", () => {
    expect(texts).toHaveLength(2222)
    expect(texts.filter((text) => taken.has(text))).toHaveLength(taken.size)
    expect(taken.size).toBe(648)
  })

  test("is taken where engines take it, as what they make of it, and else refused", () => {
    const others: unknown[] = []
    for (const before of ["", "k: ", "k:\n  - b\n  - "])
      for (const text of texts) {
        const root = rootOf(`${before}${text}\n`)
        const value = root === undefined || hasRepeatedName(root) ? undefined : meaningOf(root)
        const wanted = taken.get(text)
        const whole = before === "" ? wanted : before === "k: " ? { k: wanted } : { k: ["b", wanted] }
        const expected = taken.has(text) ? whole : undefined
        // One expectation of each would take most of the test's time.
        if (!Bun.deepEquals(value, expected)) others.push([before, text, value, expected])
      }
    expect(others).toEqual([])
  })

  test("each of its words stands where it says", () => {
    for (const text of taken.keys()) {
      const root = rootOf(text)
      for (const { start, end, value } of root === undefined ? [] : textsOf(root)) {
        const written = text.slice(start, end).replace(/\s*\n\s*/g, " ")
        expect([value, `"${value}"`]).toContain(written)
      }
    }
  })
})

/** Judged by the reference's loader. */
describe("a ? that touches a key between brackets", () => {
  test.each([
    ["begins it", "{?closID: x}", { closID: "x" }],
    ["in a list", "[?a: b, ?c]", [{ a: "b" }, { c: null }]],
    ["behind another", "{a: b, ?c d: e}", { a: "b", "c d": "e" }],
    ["ahead of a colon on the next line", "{?a\n: b}", { a: "b" }],
    ["behind a line and a comment", "x: {a: 1,\n  # c\n  ?/dev/b: 2}", { x: { a: 1n, "/dev/b": 2n } }],
    ["of a map that is merged", "{?<<: {a: b}}", { a: "b" }],
    ["of a letter that is no ASCII", "{?é: b}", { é: "b" }],
    ["and is a word's own outside of them", "?a: b", { "?a": "b" }],
  ])("%s", (_, text, value) => {
    const root = rootOf(text)
    expect(root && meaningOf(root)).toEqual(value)
  })
})

/** Judged by the reference's loader. */
describe("lines between quotes", () => {
  test.each([
    ["need no indentation", 'a:\n  b: "c\nd"\n', { a: { b: "c d" } }],
    ["nor behind a line that goes on", 'a:\n  b: "c\\\nd"\ne: f\n', { a: { b: "cd" }, e: "f" }],
    ["between single quotes", "- - 'c''\n  d'\n- e\n", [["c' d"], "e"]],
    ["with an escaped quote", '- - "c\\"\n\\" d"\n', [['c" " d']]],
    ["with a mark that is none", '- - "c\n---d"\n', [["c ---d"]]],
    ["with the ends of another system", 'a:\r\n  b: "c\r\nd"\r\n', { a: { b: "c d" } }],
  ])("%s", (_, text, value) => {
    const root = rootOf(text)
    expect(root && meaningOf(root)).toEqual(value)
  })

  test.each([
    ["a key", 'a:\n  "b\nc": d\n'],
    ["a document's mark", 'a:\n  b: "c\n--- d"\n'],
    ["its end", "a:\n  b: 'c\n...\n'\n"],
    ["no other quote", 'a:\n  b: "c\nd: e\n'],
    ["one that is escaped", 'a: "b\\"'],
    ["one that stands for another", "- 'b''"],
  ])("%s is refused", (_, text) => {
    expect(readYaml(text).ok).toBe(false)
  })
})

/** Judged by the reference's loader. */
describe("the first document", () => {
  test.each([
    ["...\n@"],
    ["... c"],
    ["...\tc: ["],
    ['... "'],
    ["---\n- \tb: c\n"],
    ["---\nb\n: c\n"],
    ["--- ]"],
    ["...\n%a\n"],
  ])("is all that counts: %j", (behind) => {
    expect(rootOf(`a: b\n${behind}`)).toMatchObject({ kind: "map", entries: [{ key: "a" }] })
  })

  test.each(["--- \na: b\n", "# c\n---\na: b\n", "%YAML 1.1\n---\na: b\n", "a: b\n"])(
    "begins in %j",
    (text) => {
      expect(rootOf(text)).toMatchObject({ kind: "map", entries: [{ key: "a" }] })
    },
  )

  test.each(["a: [b\n---\nc]\n", "a: [b\n... \nc]\n"])("does not end between brackets: %j", (text) => {
    expect(readYaml(text).ok).toBe(false)
  })
})

test("a bracket right behind a name's colon is told where it stands", () => {
  expect(readYaml("{containerEdits: {env:[A=b]}}")).toEqual({
    ok: false,
    at: 22,
    problem: "a bracket right behind a colon and a word without quotes: engines want a blank between them",
  })
})
