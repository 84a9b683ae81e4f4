import { describe, expect, test } from "bun:test"
import {
  isBaseList,
  isPlatformList,
  parsePlatformList,
} from "../../../src/core/inventory/parse-platform-list.ts"
import vectors from "../../vectors/csv/lists.json"

interface Row {
  readonly name: string
  readonly given: string
  readonly expect: readonly string[]
  readonly unread?: readonly (readonly [number, string])[]
}

const rows = vectors as unknown as readonly Row[]

describe("the text of a list", () => {
  test("there are rows of both sorts", () => {
    expect(rows.filter(({ unread }) => unread === undefined).length).toBeGreaterThan(10)
    expect(rows.filter(({ unread }) => unread !== undefined).length).toBeGreaterThan(10)
  })

  test.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
    const { entries, unread } = parsePlatformList(row.given)
    expect(entries.map(({ line, kind, path }) => `${line} ${kind} ${path}`)).toEqual([...row.expect])
    expect(unread.map(({ line, problem }) => [line, problem])).toEqual(
      (row.unread ?? []).map(([line, problem]) => [line, problem]),
    )
  })

  test("a list without end is read up to a limit, and that is told", () => {
    const { entries, unread } = parsePlatformList("lib, /a\n".repeat(50_000))
    expect(entries).toHaveLength(20_000)
    expect(unread.map(({ line }) => line)).toEqual([20_001])
    const many = parsePlatformList("x".repeat(4 * 1024 * 1024))
    expect(many.unread.map(({ text }) => text.length)).toEqual([120])
  })
})

describe("which files are lists", () => {
  test.each([
    ["devices.csv", true],
    ["extra.csv", true],
    ["UPPER.CSV", true],
    [".csv", false],
    ["devices.csv.bak", false],
    ["devices", false],
    ["csv", false],
  ])("%s: %p", (name, is) => expect(isPlatformList(name)).toBe(is))

  test("three count always, by their exact names", () => {
    const names = ["devices.csv", "drivers.csv", "l4t.csv", "Devices.csv", "l4t.CSV", "extra.csv"]
    expect(names.filter(isBaseList)).toEqual(["devices.csv", "drivers.csv", "l4t.csv"])
  })
})
