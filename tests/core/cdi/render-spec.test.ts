import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { diffSpecs } from "../../../src/core/cdi/diff-specs.ts"
import { parseSpec } from "../../../src/core/cdi/parse-spec.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { type CdiSpec, noEdits } from "../../../src/core/cdi/spec.ts"
import { locateNowhere } from "../../../src/core/cdi/spec-source.ts"
import { validateSpec } from "../../../src/core/cdi/validate-spec.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
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
            ...{ path: "/dev/a", hostPath: "/dev/b", type: "c", major: 195, minor: 0, fileMode: 438 },
            ...{ permissions: "rw", uid: 0, gid: 44 },
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
      { numRuns: 500 },
    )
  })
})
