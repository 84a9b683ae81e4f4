import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { diffSpecs } from "../../../src/core/cdi/diff-specs.ts"
import { parseSpec } from "../../../src/core/cdi/read/parse-spec.ts"
import { locateNowhere } from "../../../src/core/cdi/read/spec-source.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { validateSpec } from "../../../src/core/cdi/rules/validate-spec.ts"
import { type CdiSpec, noEdits } from "../../../src/core/cdi/spec.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { propertyRuns } from "../../property-runs.ts"
import { arbitrarySpec } from "./arbitrary-spec.ts"

const spec: CdiSpec = {
  cdiVersion: "0.7.0",
  kind: "vendor.com/class",
  annotations: new Map([
    ["b", "yes"],
    ["a", "x: y"],
  ]),
  devices: [
    {
      name: "0",
      annotations: new Map(),
      containerEdits: {
        ...noEdits,
        deviceNodes: [
          {
            path: "/dev/a",
            hostPath: "/dev/b",
            type: "c",
            major: 195,
            minor: 0,
            fileMode: 438,
            permissions: "rw",
            uid: 0,
            gid: 44,
          },
        ],
        additionalGids: [44],
      },
    },
  ],
  containerEdits: {
    ...noEdits,
    env: ["A=b"],
    hooks: [{ hookName: "createContainer", path: "/h", args: ["h", "--flag"], env: [], timeout: 3 }],
  },
}

describe("specifications as text", () => {
  test("YAML, byte for byte", () =>
    expect(renderSpec(spec, "yaml")).toBe(`---
cdiVersion: 0.7.0
kind: vendor.com/class
annotations:
    a: 'x: y'
    b: "yes"
devices:
    - name: "0"
      containerEdits:
        deviceNodes:
            - path: /dev/a
              hostPath: /dev/b
              type: c
              major: 195
              fileMode: 438
              permissions: rw
              uid: 0
              gid: 44
        additionalGids:
            - 44
containerEdits:
    env:
        - A=b
    hooks:
        - hookName: createContainer
          path: /h
          args:
            - h
            - --flag
          timeout: 3
`))

  test("JSON, byte for byte", () =>
    expect(renderSpec(spec, "json")).toBe(
      '{"cdiVersion":"0.7.0","kind":"vendor.com/class","annotations":{"a":"x: y","b":"yes"},"devices":[{"name":"0","containerEdits":{"deviceNodes":[{"path":"/dev/a","hostPath":"/dev/b","type":"c","major":195,"fileMode":438,"permissions":"rw","uid":0,"gid":44}],"additionalGids":[44]}}],"containerEdits":{"env":["A=b"],"hooks":[{"hookName":"createContainer","path":"/h","args":["h","--flag"],"timeout":3}]}}\n',
    ))

  const yamlOf = (word: string): string => {
    const text = renderSpec({ ...spec, annotations: new Map([["k", word]]) }, "yaml")
    return /^annotations:\n {4}k: (.*)$/m.exec(text)?.[1] ?? ""
  }

  // Each as gopkg.in/yaml.v3 3.0.1 writes it.
  test.each<[form: string, words: readonly string[]]>([
    [
      "as it stands",
      [
        "a",
        "/a",
        "a b",
        "a:b",
        "a#b",
        "a,b",
        "a[b]",
        "a{b}",
        "a]",
        "it's",
        'a"b',
        "a\\b",
        "a---",
        "é",
        "\u00a1",
      ],
    ],
    [
      "as it stands",
      ["-a", "--", "--a", "--, a", "?a", ":a", "1:60", "1:30a", "2026-x", "v+x.y", "/a.b-c/d+e_f"],
    ],
    [
      "between single quotes",
      ["a: b", "a:", "a #b", "-", "- a", "-a: b", "-a ", "-::", "?", "? a", ":", "a ", " a"],
    ],
    [
      "between single quotes",
      [
        "---",
        "---a",
        "...",
        "...a",
        ...["[", "]", "{", "}", "#", "&", "*", "!", "|", ">"].map((sign) => `${sign}a`),
      ],
    ],
    ["between single quotes", ["'", "'a", '"a', "%a", "@a", "`a", ",a"]],
    [
      "between double quotes",
      [
        "",
        "yes",
        "y",
        "~",
        "null",
        "010",
        "0x1F",
        "1e3",
        ".5",
        "1:30",
        "-1:30",
        "+1:59:59.5",
        "1_0:30",
        "2026-01-02",
      ],
    ],
  ])("in YAML %s: %p", (form, words) => {
    const forms: Readonly<Record<string, (word: string) => string>> = {
      "as it stands": (word) => word,
      "between single quotes": (word) => `'${word.replaceAll("'", "''")}'`,
      "between double quotes": (word) => `"${word}"`,
    }
    expect(words.map(yamlOf)).toEqual(words.map((word) => forms[form]?.(word) ?? ""))
  })

  test.each([
    ["<<", "'<<'"],
    ["=", "'='"],
    ["-[", "'-['"],
    ["?,", "'?,'"],
    ["2026-1", '"2026-1"'],
    ["a\tb\n", '"a\\u0009b\\u000a"'],
    ['"\\"\\\n', '"\\"\\\\\\"\\\\\\u000a"'],
    ["\u00a0\u0085\u2028\ufeff", '"\\u00a0\\u0085\\u2028\\ufeff"'],
    ["\u{1f600}\n", '"\u{1f600}\\u000a"'],
    ["\u00a1\n", '"\u00a1\\u000a"'],
  ])("so that loaders of YAML 1.1 and 1.2 read it alike, %j is written as %s", (word, written) =>
    expect(yamlOf(word)).toBe(written),
  )

  test("JSON tells by an escape what YAML refuses or folds", () => {
    const env = ["A=\x7f\x80\x9f\u2028\u2029\ufeff\ufffe\uffff", "B=\u2028\ud800", "C=\u00a0é😀"]
    const text = renderSpec({ ...spec, containerEdits: { ...noEdits, env } }, "json")
    expect(text).toContain('["A=\\u007f\\u0080\\u009f\\u2028\\u2029\\ufeff\\ufffe\\uffff",')
    expect(text).toContain('"B=\\u2028\ufffd","C=\u00a0é😀"]')
  })

  test.each([
    [128, "a"],
    [129, "a"],
    [1025, "a"],
    [65, "é"],
    [3000, "x:"],
  ])(
    "a name of %d times %p is read again, and is behind a question mark above 128 bytes",
    (count, letter) => {
      const name = letter.repeat(count)
      const long = { ...spec, annotations: new Map([[name, "value"]]) }
      const text = renderSpec(long, "yaml")
      expect(text.includes("    ? ")).toBe(encodeUtf8(name).length > 128)
      const again = parseSpec({ path: "x", bytes: encodeUtf8(text) })
      expect(again.ok && diffSpecs(long, again.value.spec)).toEqual([])
    },
  )

  test("whatever is valid comes back as it was, and without a difference", () => {
    fc.assert(
      fc.property(arbitrarySpec, fc.constantFrom("json" as const, "yaml" as const), (made, format) => {
        expect(validateSpec(made, locateNowhere("made"))).toEqual([])
        const text = renderSpec(made, format)
        const read = parseSpec({ path: `x.${format}`, bytes: encodeUtf8(text) })
        if (!read.ok) throw new Error(`${read.fault.map(renderFaultLine).join("\n")}\n${text}`)
        expect(read.value.spec).toEqual(made)
        expect(diffSpecs(made, read.value.spec)).toEqual([])
      }),
      { numRuns: propertyRuns(500) },
    )
  })
})
