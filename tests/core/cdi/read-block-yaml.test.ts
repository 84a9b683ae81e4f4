import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { compareReaders } from "../../../fuzz/targets/block-yaml.ts"
import { readBlockYaml } from "../../../src/core/cdi/read-block-yaml.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { arbitrarySpec } from "./arbitrary-spec.ts"
import { specRows, textOf } from "./spec-vectors.ts"

describe("YAML as programs write it", () => {
  test("every row is read as by the whole grammar, or not at all", () => {
    expect(specRows.map((row) => compareReaders(textOf(row))).filter((one) => one !== undefined)).toEqual([])
  })

  test("so is whatever we write", () => {
    fc.assert(
      fc.property(arbitrarySpec, (spec) => {
        expect(compareReaders(renderSpec(spec, "yaml"))).toBeUndefined()
      }),
    )
  })

  const whole = `---
cdiVersion: 0.5.0
kind: vendor.com/gpu
containerEdits:
    hooks:
        - hookName: createContainer
          path: /usr/bin/hook
          args:
            - hook
            - --folder
            - /usr/lib
devices:
- name: "0"
  containerEdits:
    env:
    - A=b c
    deviceNodes:
    -   path: /dev/x
        fileMode: 0600
`
  test("what generators write is of this form", () => {
    expect(readBlockYaml(whole)).toBeDefined()
    expect(compareReaders(whole)).toBeUndefined()
    expect(readBlockYaml(whole.slice(0, -1))).toBeDefined()
  })

  test.each([
    ["a comment", "a: b # c\n"],
    ["an anchor", "a: &x b\n"],
    ["brackets", "a: [b]\n"],
    ["a text of several lines", "a: b\n  c\n"],
    ["a block of text", "a: |\n  b\n"],
    ["an empty line", "a: b\n\nc: d\n"],
    ["no value", "a:\nb: c\n"],
    ["a tab", "a: b\tc\n"],
    ["another letter", "a: é\n"],
    ["an escape", 'a: "\\n"\n'],
    ["a quote in a text", "a: 'it''s'\n"],
    ["a second document", "a: b\n---\nc: d\n"],
    ["an end of a document", "a: b\n...\n"],
    ["a name that is no word", "yes: b\n"],
    ["a merge", "<<: b\n"],
    ["another column", "a: b\n c: d\n"],
    ["a list in a map's place", "a: b\n- c\n"],
    ["nothing", ""],
    ["too deep a nesting", `${"- ".repeat(40)}a\n`],
    ["too many lines", "- a\n".repeat(100_001)],
  ])("left to the whole grammar: %s", (_, text) => {
    expect(readBlockYaml(text)).toBeUndefined()
  })
})
