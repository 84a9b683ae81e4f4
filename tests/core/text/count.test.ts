import { describe, expect, test } from "bun:test"
import { parseCount } from "../../../src/core/text/count.ts"

describe("numbers as C's strtoumax reads them", () => {
  test.each<[text: string, count: number]>([
    ["0", 0],
    ["007", 7],
    ["+3", 3],
    ["-0", 0],
    [" \t\n\v\f\r12", 12],
    ["1048576", 1048576],
  ])("%j is %d", (text, count) => {
    expect(parseCount(text)).toBe(count)
  })

  test.each<[reason: string, text: string]>([
    ["nothing", ""],
    ["blanks alone", " "],
    ["a sign alone", "+"],
    ["two signs", "+-1"],
    ["a negative number wraps around to one that nothing has", "-1"],
    ["hexadecimal", "0x1"],
    ["something behind", "1 "],
    ["a fraction", "1.0"],
    ["other digits", "١"],
  ])("%s: %j is none", (_, text) => {
    expect(parseCount(text)).toBeUndefined()
  })
})
