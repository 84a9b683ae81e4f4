import { expect, test } from "bun:test"
import { readYaml } from "../../../src/core/cdi/read-yaml.ts"

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
])("a block of text at the end of a file, %j, is %j", (block, value) => {
  expect(readYaml(`a: ${block}`)).toMatchObject({ root: { entries: [{ value: { kind: "text", value } }] } })
})
