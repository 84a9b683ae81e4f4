import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { ReadBytes } from "../../../src/core/elf/elf-layout.ts"
import { parseElf, parseElfFrom, readerOf } from "../../../src/core/elf/parse-elf.ts"
import { parseElfWithDemands } from "../../../src/core/elf/parse-elf-demands.ts"
import { renderElf } from "../../../src/core/elf/render-elf.ts"
import { propertyRuns } from "../../property-runs.ts"
import { example, object } from "./shared-object.ts"

describe("ELF", () => {
  test("what is written is read back", () => {
    fc.assert(
      fc.property(object, (shape) => {
        const { machine, soname, needed, abi, neededVersions } = shape
        const names = { bits: machine === "i386" ? 32 : 64, machine, soname, needed } as const
        const bytes = renderElf(shape)
        expect(parseElf(bytes)).toEqual({ ok: true, value: names })
        expect(parseElfWithDemands(readerOf(bytes))).toEqual({
          ok: true,
          value: { ...names, abi, neededVersions: neededVersions ?? [], isaNeeded: 0 },
        })
      }),
    )
  })

  test("cut off anywhere or with any byte changed, it gives a result, never a throw", () => {
    for (const machine of ["x86-64", "i386"] as const) {
      const whole = renderElf({ ...example, machine })
      for (let length = 0; length < whole.length; length += 7)
        expect(typeof parseElfWithDemands(readerOf(whole.subarray(0, length))).ok).toBe("boolean")
      fc.assert(
        fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
          const changed = whole.slice()
          changed[at] = byte
          return typeof parseElfWithDemands(readerOf(changed)).ok === "boolean"
        }),
        { numRuns: propertyRuns(2000) },
      )
    }
  })

  const changed = (at: number, ...bytes: readonly number[]): Uint8Array => {
    const copy = renderElf(example)
    copy.set(bytes, at)
    return copy
  }
  test.each([
    ["nothing", new Uint8Array(), "no ELF header"],
    ["a script", new TextEncoder().encode(`#!/bin/sh\n${"x".repeat(100)}`), "no ELF header"],
    ["a file of the other byte order", changed(5, 2), "not little-endian"],
    ["a class that does not exist", changed(4, 3), "unknown class"],
    ["program headers too short to be such", changed(54, 8, 0), "program headers are malformed"],
    ["sixty thousand program headers", changed(56, 0xff, 0xff), "program headers are malformed"],
    ["program headers at the end of the world", changed(39, 0x7f), "program headers lie outside"],
    [
      "a file cut off before its dynamic section",
      renderElf(example).subarray(0, 0x1000),
      "the dynamic section lies outside",
    ],
  ])("%s is refused with its reason", (_, bytes, problem) => {
    expect(parseElf(bytes)).toMatchObject({ ok: false, fault: { tag: "ElfInvalid", data: { problem } } })
  })

  test("of a library of 4 GiB only a few pieces are read", () => {
    const whole = renderElf(example)
    const reads: (readonly [number, number])[] = []
    const read: ReadBytes = (offset, length) => {
      reads.push([offset, length])
      const bytes = new Uint8Array(length)
      bytes.set(whole.subarray(offset, offset + length))
      return bytes
    }
    expect(parseElfFrom(read).ok).toBe(true)
    expect(reads.length).toBeLessThanOrEqual(3)
    expect(reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(8192)
  })
})
