import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { parseElf } from "../../../src/core/elf/parse-elf.ts"
import { renderElf } from "../../../src/core/elf/render-elf.ts"

const name = fc.stringMatching(/^lib[a-z_-]{1,12}\.so(\.[0-9]{1,3}){0,3}$/)
const object = fc.record({
  machine: fc.constantFrom("x86-64" as const, "aarch64" as const),
  soname: name,
  needed: fc.array(name, { maxLength: 6 }),
  symbol: fc.stringMatching(/^[a-z_]{1,20}$/),
  answer: fc.integer(),
})

describe("ELF", () => {
  test("what is written is read back", () => {
    fc.assert(
      fc.property(object, (shape) => {
        const parsed = parseElf(renderElf(shape))
        expect(parsed).toEqual({
          ok: true,
          value: { bits: 64, machine: shape.machine, soname: shape.soname, needed: shape.needed },
        })
      }),
    )
  })

  test("cut off anywhere or with any byte changed, it gives a result, never a throw", () => {
    const whole = renderElf({
      machine: "x86-64",
      soname: "libx.so.1",
      needed: ["liby.so"],
      symbol: "x",
      answer: 1,
    })
    for (let length = 0; length < whole.length; length += 7)
      expect(typeof parseElf(whole.subarray(0, length)).ok).toBe("boolean")
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = whole.slice()
        changed[at] = byte
        return typeof parseElf(changed).ok === "boolean"
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ["nothing", new Uint8Array()],
    ["a script", new TextEncoder().encode(`#!/bin/sh\n${"x".repeat(100)}`)],
  ])("%s is no ELF file", (_, bytes) => {
    expect(parseElf(bytes).ok).toBe(false)
  })
})
