import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { parseToml } from "../../../src/core/toml/parse-toml.ts"
import type { TomlTable, TomlValue } from "../../../src/core/toml/toml-value.ts"
import { propertyRuns } from "../../property-runs.ts"
import { anyCharacter } from "../text/arbitrary-text.ts"

/** Plain values, for comparing. */
function plain(value: TomlValue): unknown {
  if (value.kind === "table")
    return Object.fromEntries([...value.entries].map(([key, one]) => [key, plain(one)]))
  return value.kind === "array" ? value.items.map(plain) : value.value
}

const parsed = (text: string): unknown => {
  const result = parseToml(text)
  return result.ok ? plain(result.value) : `fault: ${JSON.stringify(result.fault.data)}`
}

describe("TOML that is accepted", () => {
  test.each<[name: string, text: string, value: unknown]>([
    ["nothing", "", {}],
    ["a comment without a line end", "# x", {}],
    [
      "bare, quoted and dotted keys",
      `a = 1\n"b c" = 2\nd."e f".g = 3`,
      { a: 1n, "b c": 2n, d: { "e f": { g: 3n } } },
    ],
    ["basic string escapes", String.raw`a = "\t\n\"\\\u00e9\U0001F600"`, { a: '\t\n"\\é😀' }],
    ["a literal string", String.raw`a = 'C:\x'`, { a: "C:\\x" }],
    ["multi-line strings", "a = \"\"\"\nx\\\n   y\"\"\"\nb = '''\nz'''", { a: "xy", b: "z" }],
    ["quotation marks at the end of a multi-line string", 'a = """x"""""', { a: 'x""' }],
    [
      "integers of every kind",
      "a = [1_000, 0xff, 0o17, 0b101, -5, +7]",
      { a: [1000n, 255n, 15n, 5n, -5n, 7n] },
    ],
    [
      "the largest and the smallest integer",
      "a = [9223372036854775807, -9223372036854775808]",
      { a: [9223372036854775807n, -9223372036854775808n] },
    ],
    ["floats", "a = [1.5, -2e3, inf, -inf]", { a: [1.5, -2000, Infinity, -Infinity] }],
    [
      "dates and times",
      "a = 1979-05-27T07:32:00Z\nb = 07:32:00\nc = 1979-05-27 07:32:00",
      { a: "1979-05-27T07:32:00Z", b: "07:32:00", c: "1979-05-27T07:32:00" },
    ],
    ["a list over lines, with comments and a comma at its end", "a = [\n 1, # one\n 2,\n]", { a: [1n, 2n] }],
    ["inline tables", "a = { b = 1, c.d = 2 }", { a: { b: 1n, c: { d: 2n } } }],
    ["a table after its child", "[a.b]\nc = 1\n[a]\nd = 2", { a: { b: { c: 1n }, d: 2n } }],
    [
      "lists of tables",
      "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3",
      { a: [{ b: 1n }, { b: 2n, c: { d: 3n } }] },
    ],
    ["Windows line ends", "a = 1\r\n[b]\r\nc = 2\r\n", { a: 1n, b: { c: 2n } }],
    ["beyond TOML: a byte order mark", "\ufeffa = 1", { a: 1n }],
    ["beyond TOML: a key on the header's line", "[a] b = 1", { a: { b: 1n } }],
    ["beyond TOML: a leading dot", ".a = 1", { a: 1n }],
    ["beyond TOML: a line break in a literal string", "a = 'x\ny'", { a: "x\ny" }],
    [
      "a key that is a word of JavaScript",
      "__proto__ = 1\nconstructor = 2",
      { ["__proto__"]: 1n, constructor: 2n },
    ],
  ])("%s", (_, text, value) => {
    expect(JSON.stringify(parsed(text), (__, one) => (typeof one === "bigint" ? `${one}n` : one))).toBe(
      JSON.stringify(value, (__, one) => (typeof one === "bigint" ? `${one}n` : one)),
    )
  })
})

describe("TOML that is refused, at its place", () => {
  test.each<[name: string, text: string, line: number, column: number]>([
    ["a key twice", "a = 1\na = 2", 2, 1],
    ["a table twice", "[a]\n[a]", 2, 1],
    ["a table over a value", "a = 1\n[a.b]", 2, 1],
    ["adding to an inline table", "a = {}\n[a.b]", 2, 1],
    ["a dotted key into a value", "a = 1\na.b = 2", 2, 1],
    ["a list of tables over a list", "a = []\n[[a]]", 2, 1],
    ["no value", "a =", 1, 4],
    ["a word that is no value", "a = tru", 1, 5],
    ["a leading zero", "a = 01", 1, 5],
    ["doubled underscores", "a = 1__0", 1, 5],
    ["beyond 64 bits", "a = 9223372036854775808", 1, 5],
    ["a date that does not exist", "a = 2023-02-29", 1, 5],
    ["two values on a line", "a = 1 b = 2", 1, 7],
    ["an unknown escape", String.raw`a = "\q"`, 1, 6],
    ["half an escape", String.raw`a = "\u12"`, 1, 6],
    ["a surrogate", String.raw`a = "\ud800"`, 1, 6],
    ["a string over lines", 'a = "x\ny"', 1, 5],
    ["a control character", 'a = "\u0001"', 1, 6],
    ["a list that never ends", "a = [1, 2", 1, 10],
    ["a list without commas", "a = [1 2]", 1, 8],
    ["an inline table with a comma at its end", "a = {b = 1,}", 1, 12],
    ["an empty header", "[]", 1, 2],
    ["a merge conflict", "<<<<<<< HEAD", 1, 1],
  ])("%s", (_, text, line, column) => {
    const result = parseToml(text)
    expect(result.ok).toBe(false)
    if (!result.ok) expect(result.fault.data).toMatchObject({ line, column })
  })
})

describe("TOML of strangers", () => {
  test("any text gives a result, never a throw", () => {
    const pieces = fc.constantFrom(
      "a",
      "=",
      "[",
      "]",
      "{",
      "}",
      '"',
      "'",
      ".",
      ",",
      "\n",
      "\r",
      " ",
      "#",
      "\\",
      "1",
      "-",
      "_",
      "é",
      '"""',
      "'''",
    )
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 60 }),
        (parts) => typeof parseToml(parts.join("")).ok === "boolean",
      ),
      { numRuns: propertyRuns(3000) },
    )
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => typeof parseToml(text).ok === "boolean"),
    )
  })

  test.each(["[", "{a=", "[[", "a."])("nesting of %j a hundred thousand deep is a fault", (piece) => {
    const text = piece === "a." ? `${piece.repeat(100_000)}b = 1` : `a = ${piece.repeat(100_000)}`
    expect(parseToml(text).ok).toBe(false)
  })

  test("what is written is read back", () => {
    const key = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/)
    const value = fc.oneof(fc.string({ unit: "grapheme" }), fc.boolean(), fc.maxSafeInteger())
    fc.assert(
      fc.property(fc.dictionary(key, fc.dictionary(key, value, { maxKeys: 4 }), { maxKeys: 4 }), (tables) => {
        const text = Object.entries(tables)
          .map(
            ([name, entries]) =>
              `[${name}]\n${Object.entries(entries)
                .map(([one, inner]) => `${one} = ${written(inner)}\n`)
                .join("")}`,
          )
          .join("")
        const result = parseToml(text)
        if (!result.ok) throw new Error(`${text}: ${JSON.stringify(result.fault)}`)
        for (const [name, entries] of Object.entries(tables))
          for (const [one, inner] of Object.entries(entries)) {
            const table = result.value.entries.get(name) as TomlTable
            const found = table.entries.get(one)
            if (found === undefined) throw new Error(`${name}.${one} is lost`)
            expect(typeof inner === "number" ? Number(plain(found)) : plain(found)).toBe(inner)
          }
      }),
    )
  })
})

/** A value as TOML. */
function written(value: string | boolean | number): string {
  if (typeof value !== "string") return String(value)
  const escaped = [...value].map((character) => {
    const code = character.codePointAt(0) ?? 0
    return code < 32 || code === 127 || character === '"' || character === "\\"
      ? `\\u${code.toString(16).padStart(4, "0")}`
      : character
  })
  return `"${escaped.join("")}"`
}
