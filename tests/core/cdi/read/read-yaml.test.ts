import { expect, test } from "bun:test"
import { parseSpec } from "../../../../src/core/cdi/read/parse-spec.ts"
import { readYaml } from "../../../../src/core/cdi/read/read-yaml.ts"
import { bytesOf } from "../spec-vectors.ts"

/** Answers of the reference's loader. */
test.each([
  ["|\n  b\n", "b\n"],
  ["|\n  b", "b"],
  ["|\n  b\n  c", "b\nc"],
  [">\n  b\n  c", "b c"],
  ["|+\n  b", "b"],
  ["|+\n  b\n\n", "b\n\n"],
  [">+\n  b\n\n  c", "b\nc"],
  ["|-\n  b", "b"],
  ["|\n  b  ", "b  "],
  ["|\n  b\n ", "b\n"],
  ["|\n  b\n  ", "b\n"],
  ["|\n  b\n    ", "b\n  "],
  [">\n  b\n    ", "b\n  "],
  ["|\n  b\n\n   ", "b\n\n "],
  ["|\n  b\n# c", "b\n"],
  ["|+\n x\n   \n ", "x\n  \n"],
  ["|1\n  b\n   ", " b\n  "],
  ["|1\n  b", " b"],
  ["|-\n  b\n  c", "b\nc"],
  ["|2+\n  b\n\n ", "b\n\n"],
])("a block of text at the end of a file, %j, is %j", (block, value) => {
  expect(readYaml(`a: ${block}`)).toMatchObject({ root: { entries: [{ value: { kind: "text", value } }] } })
})

/** What a specification says whose annotations are written so, or why it is refused. */
function annotationsOf(text: string): unknown {
  const rest = "cdiVersion: 0.6.0\nkind: v.com/c\ndevices: [{name: a, containerEdits: {env: [A=b]}}]\n"
  const read = parseSpec({ path: "x.yaml", bytes: bytesOf(`annotations: {${text}}\n${rest}`) })
  if (read.ok) return Object.fromEntries(read.value.spec.annotations)
  return read.fault.map(({ data }) => ("problem" in data ? data.problem : undefined))
}

// The released Go package, 1.1.0, takes and refuses the same, but for !!binary, which ours refuses.
test.each<[text: string, annotations: Readonly<Record<string, string>>]>([
  ["a: !!float 5", { a: "5" }],
  ["a: !!float 1000000", { a: "1e+06" }],
  ["a: !!float 1.5", { a: "1.5" }],
  ["a: !!bool yes", { a: "true" }],
  ["a: !!null ~", { a: "" }],
  ["a: !!int 010", { a: "8" }],
  ["a: !!str 010", { a: "010" }],
  ["a: !x 010", { a: "010" }],
  ["a: ! 010", { a: "010" }],
  [".inf: a, -.inf: b, .nan: c", { ".inf": "a", "-.inf": "b", ".nan": "c" }],
  ["1e300: a, -1e300: b", { ".inf": "a", "-.inf": "b" }],
  ["9223372036854775807: a", { "9223372036854775807": "a" }],
  ["yes: a", { true: "a" }],
  ["<<: {a: b}", { a: "b" }],
  ["<<: [{a: b}, {c: d}]", { a: "b", c: "d" }],
  ["!!merge <<: {a: b}", { a: "b" }],
  ["! <<: {a: b}", { a: "b" }],
  ['"<<": a', { "<<": "a" }],
  ['a: "\\u00e9\\\\/"', { a: "é\\/" }],
  ["a: '\\/'", { a: "\\/" }],
])("%j says %p", (text, annotations) => expect(annotationsOf(text)).toEqual(annotations))

test.each([
  ["a: !!float x", '"x" cannot be read as !!float'],
  ["a: !!bool x", '"x" cannot be read as !!bool'],
  ["a: !!bool ~", '"~" cannot be read as !!bool'],
  ["a: !!null x", '"x" cannot be read as !!null'],
  ["a: !!null yes", '"yes" cannot be read as !!null'],
  ["a: !!int 1.5", '"1.5" cannot be read as !!int'],
  ["a: !!binary aGk=", '"aGk=" cannot be read as !!binary'],
  ["9223372036854775808: a", "a key that is not a scalar"],
  ["~: a", "a key that is not a scalar"],
  ["<<: x", "map merge requires map or sequence of maps as the value"],
  ["<<: [{a: b}, x]", "map merge requires map or sequence of maps as the value"],
  ["<<: ~", "map merge requires map or sequence of maps as the value"],
  ['a: "\\/"', "an escape that engines do not read: write the character itself"],
  ['a: "\\ud83d\\ude00"', "an escape that engines do not read: write the character itself"],
  ['a: "\\uD83D\\uDE00"', "an escape that engines do not read: write the character itself"],
])("%j is refused: %s", (text, problem) => expect(annotationsOf(text)).toEqual([problem]))

test.each([
  ["a: 'x\u2028y'", "x\u2028y"],
  ['a: "x\u2029\u2028y"', "x\u2029\u2028y"],
  ["a: '\u2028'", "\u2028"],
  ["a: &b 'x\u2028y'\nc: *b", "x\u2028y"],
  ['a: "x\\Ly"', "x\u2028y"],
  ["a: 'x\u2028---'", "x\u2028---"],
  ["a: 'x\u2028.... y'", "x\u2028.... y"],
  ["a: 'x\u0085y'", "x y"],
])("a separator of lines is a letter in quotes: %j", (text, value) => {
  expect(readYaml(text)).toMatchObject({
    root: { entries: [{ value: { kind: "text", value } }, ...(text.includes("*") ? [{}] : [])] },
  })
})

test.each([
  ["a: x\u2028y", 4],
  ["a: 'x\u2028 y'", 5],
  ["a: 'x \u2028y'", 6],
  ["a: 'x\u2028\ny'", 5],
  ["a: |\n  x\u2028  y\n", 8],
  ["a: b # c\u2028d: e", 8],
  ["a: 'x\u2028y'\nb: \u2029c", 12],
  ["'a\u2028b': c", 2],
  ['a: {"b\u2029c": d}', 6],
  ["a: 'x\u2028--- y'", 5],
  ["a: 'x\u2028...\r\n  y'", 5],
  ["a: 'x\u2028\r\n  y'", 5],
  ['a: "x\u2029---\u2028y"', 5],
])("elsewhere it is refused, for loaders of YAML 1.1 end a line there: %j", (text, at) => {
  expect(readYaml(text)).toMatchObject({ ok: false, at })
})
