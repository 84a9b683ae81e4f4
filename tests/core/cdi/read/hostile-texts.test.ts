/** Texts that somebody made to cost much: a fault soon, or read without waste. */

import { describe, expect, test } from "bun:test"
import { type ParsedSpec, parseSpec } from "../../../../src/core/cdi/read/parse-spec.ts"
import { readYaml } from "../../../../src/core/cdi/read/read-yaml.ts"
import { specLimitBytes } from "../../../../src/core/cdi/read/spec-limit.ts"
import type { Fault } from "../../../../src/core/fault/fault.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"
import { bytesOf } from "../spec-vectors.ts"

function parsed(text: string): ParsedSpec {
  const result = parseSpec({ path: "/etc/cdi/x.yaml", bytes: bytesOf(text) })
  if (!result.ok) throw new Error(result.fault.map(renderFaultLine).join("\n"))
  return result.value
}

function faultsOf(bytes: Uint8Array): readonly Fault[] {
  const result = parseSpec({ path: "/etc/cdi/x.yaml", bytes })
  return result.ok ? [] : result.fault
}

describe("hostile files", () => {
  const small = "cdiVersion: 0.3.0\nkind: v/c\ndevices: [{name: a, containerEdits: {env: [A=b]}}]\n"

  test.each<[what: string, bytes: Uint8Array, tag: string]>([
    ["bytes that are no UTF-8", Uint8Array.of(0x61, 0x3a, 0xff, 0xfe), "CdiTextInvalid"],
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x61, 0), "CdiTextInvalid"],
    ["JSON with a line separator beside a blank", bytesOf('{"kind":"v/c \u2028"}'), "CdiTextInvalid"],
    ["JSON with a line separator in a key", bytesOf('{"kind":"v/c","a\u2028b":"c"}'), "CdiTextInvalid"],
    ["JSON with a mark of a document", bytesOf('{"kind":"v/c\u2028--- a"}'), "CdiTextInvalid"],
    ["half a surrogate pair in UTF-8", Uint8Array.of(0x61, 0x3a, 0xed, 0xa0, 0x80), "CdiTextInvalid"],
    ["a megabyte of brackets", bytesOf("[".repeat(1 << 20)), "CdiTextInvalid"],
    ["a megabyte of braces", bytesOf('{"a":'.repeat(200_000)), "CdiTextInvalid"],
    ["a megabyte of dashes", bytesOf("- ".repeat(1 << 19)), "CdiTextInvalid"],
    ["a megabyte of question marks", bytesOf("? ".repeat(1 << 19)), "CdiTextInvalid"],
    ["millions of signs", bytesOf(`[${",".repeat(1 << 20)}`), "CdiTextInvalid"],
    ["millions of lines of one text", bytesOf(`a: >\n${" a\n\n".repeat(1 << 19)}`), "CdiTextInvalid"],
    ["millions of directives", bytesOf("%a\n".repeat(1 << 20)), "CdiTextInvalid"],
    ["millions of errors", bytesOf('"a" '.repeat(1 << 20)), "CdiTextInvalid"],
    ["as many bytes as are read, of blanks", new Uint8Array(specLimitBytes).fill(0x20), "CdiTextInvalid"],
    ["more bytes than any specification has", new Uint8Array(specLimitBytes + 1), "CdiTextTooLarge"],
    [
      "a megabyte of unknown fields",
      bytesOf(`${small}${Array.from({ length: 60_000 }, (_, n) => `field${n}: 1\n`).join("")}`),
      "CdiFieldUnknown",
    ],
    [
      "a name of a megabyte",
      bytesOf(small.replace("name: a", `name: ${"é".repeat(1 << 19)}`)),
      "CdiTextInvalid",
    ],
    [
      "a number of a megabyte",
      bytesOf(small.replace("name: a", `name: ${"1".repeat(1 << 20)}.`).replace("0.3.0", "0.5.0")),
      "CdiTextInvalid",
    ],
  ])("%s: a fault", (_, bytes, tag) => {
    const faults = faultsOf(bytes)
    expect(faults[0]?.tag as string).toBe(tag)
    expect(faults.length).toBeLessThanOrEqual(100)
    for (const fault of faults) expect(renderFaultLine(fault).length).toBeLessThan(1500)
  })

  test("a hundred warnings are told of a hundred thousand", () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, index) => [`a b ${index}`, ""]),
    )
    const devices = [{ name: "a", containerEdits: { env: ["A=b"] } }]
    const text = JSON.stringify({ cdiVersion: "0.6.0", kind: "vendor.com/class", annotations, devices })
    expect(parsed(text).warnings).toHaveLength(100)
  })

  test("many devices are read in a moment", () => {
    const devices = Array.from(
      { length: 20_000 },
      (_, index) => `{name: d${index}, containerEdits: {env: [A=b]}}`,
    )
    expect(
      parsed(small.replace(/devices:.*/, `devices: [${devices.join(",\n")}]`)).spec.devices,
    ).toHaveLength(20_000)
  })
})

const tags = (count: number): string =>
  Array.from({ length: count }, (_, index) => `%TAG !t${index}! tag:a,2000:${index}\n`).join("")

test.each<[what: string, textOf: (size: number) => string, largest: number, problem: string]>([
  ["a text", (size) => `a: ${"b".repeat(size)}\n`, 256 * 1024, "a text of more than 262144 characters"],
  ["directives", (size) => `${tags(size)}---\na: b\n`, 100, "more than 100 directives"],
  ["words and signs", (size) => `a: [b${"\n".repeat(size)}]\n`, 599_990, "more than 600000 words and signs"],
])("of %s so much is read, and no more", (_, textOf, largest, problem) => {
  expect(readYaml(textOf(largest))).toMatchObject({ ok: true, root: { entries: [{ key: "a" }] } })
  expect(readYaml(textOf(largest + 1))).toMatchObject({ ok: false, problem })
})
