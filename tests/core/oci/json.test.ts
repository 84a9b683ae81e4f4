import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { type JsonValue, parseJson } from "../../../src/core/oci/json.ts"
import { propertyRuns } from "../../property-runs.ts"

function plain(value: JsonValue): unknown {
  if (value.kind === "object")
    return Object.fromEntries(value.members.map(({ key, value: one }) => [key, plain(one)]))
  if (value.kind === "array") return value.items.map(plain)
  return value.kind === "number" ? Number(value.text) : value.value
}

describe("JSON", () => {
  test("agrees with JSON.parse on whatever JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const outcome = parseJson(text)
        if (!outcome.ok) throw new Error(text)
        expect(JSON.stringify(plain(outcome.value))).toBe(JSON.stringify(JSON.parse(text)))
      }),
    )
  })

  test("every span is the text of its value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = ` ${JSON.stringify(value, null, 1)} `
        const check = (one: JsonValue): void => {
          const reread = parseJson(text.slice(one.start, one.end))
          expect(reread.ok && JSON.stringify(plain(reread.value))).toBe(JSON.stringify(plain(one)))
          if (one.kind === "array") one.items.forEach(check)
          if (one.kind === "object") for (const member of one.members) check(member.value)
        }
        const outcome = parseJson(text)
        if (!outcome.ok) throw new Error(text)
        check(outcome.value)
      }),
    )
  })

  test("numbers stay as written, keys in order and doubled", () => {
    const outcome = parseJson('{"2": 18446744073709551615, "1": 1.0, "1": -0, "__proto__": 1e400}')
    if (!outcome.ok || outcome.value.kind !== "object") throw new Error("no object")
    const members = outcome.value.members.map(({ key, value }) => [
      key,
      value.kind === "number" ? value.text : "",
    ])
    expect(members).toEqual([
      ["2", "18446744073709551615"],
      ["1", "1.0"],
      ["1", "-0"],
      ["__proto__", "1e400"],
    ])
  })

  test("text after the first value does not count", () => {
    expect(parseJson('{"a":1} nonsense').ok).toBe(true)
  })

  test.each([
    ["", true],
    ["{", true],
    ['{"a"', true],
    ['{"a":', true],
    ['{"a":"x', true],
    ['{"a":"x\\u00', true],
    ["[1,", true],
    ["tru", true],
    ["{a:1}", false],
    ["[1,]", false],
    ['{"a":1,}', false],
    ["01", false],
    ["1.", false],
    ["+1", false],
    ['"\\x"', false],
    ['"\u0001"', false],
    ["\ufeff{}", false],
    ["// x\n1", false],
  ])("%j is refused; cut off: %j", (text, isCut) => {
    const outcome = parseJson(text)
    expect(outcome.ok).toBe(false)
    if (!outcome.ok) expect(outcome.isCut).toBe(isCut)
  })

  test("a lone surrogate becomes the replacement character", () => {
    const outcome = parseJson('"\\ud800x"')
    expect(outcome.ok && plain(outcome.value)).toBe("\ufffdx")
  })

  test.each([
    ["[", 9_999, true],
    ["[", 10_001, false],
    ['{"a":', 10_001, false],
    ["[", 3_000_000, false],
  ])("nesting of %j %i deep: %j", (piece, depth, isOk) => {
    const text = piece.repeat(depth) + (piece === "[" ? "]".repeat(depth) : `1${"}".repeat(depth)}`)
    expect(parseJson(text).ok).toBe(isOk)
  })

  test("a text of strangers gives a result, never a throw", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'{}[]":,\\ut1e.- \n') }),
        (text) => typeof parseJson(text).ok === "boolean",
      ),
      { numRuns: propertyRuns(3000) },
    )
  })
})
