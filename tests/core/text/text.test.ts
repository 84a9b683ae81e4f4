import { describe, expect, test } from "bun:test"
import { posix } from "node:path"
import fc from "fast-check"
import { absolutePath, cleanPath, joinPath, parentPath } from "../../../src/core/text/path.ts"
import { depthOf } from "../../../src/core/text/path-depth.ts"
import { splitList, trimSpace } from "../../../src/core/text/space.ts"
import { decodeUtf8, encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { comparePreRelease, parseCoercedVersion, parseStrictVersion } from "../../../src/core/text/version.ts"
import { propertyRuns } from "../../property-runs.ts"
import { anyCharacter } from "./arbitrary-text.ts"

describe("UTF-8", () => {
  test("any bytes come back as they were", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => expect(encodeUtf8(decodeUtf8(bytes))).toEqual(bytes)),
      { numRuns: propertyRuns(2000) },
    )
  })

  test("text is decoded and encoded as everybody does it", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        const bytes = new TextEncoder().encode(text)
        expect(decodeUtf8(bytes)).toBe(text)
        expect(encodeUtf8(text)).toEqual(bytes)
      }),
    )
  })
})

describe("paths", () => {
  test.each([
    ["", "."],
    ["/", "/"],
    ["/..", "/"],
    ["a/../..", ".."],
    ["//a//b/./c/", "/a/b/c"],
    ["./a", "a"],
    ["/a/../b", "/b"],
  ])("%j is %j", (path, clean) => {
    expect(cleanPath(path)).toBe(clean)
  })

  test("an absolute path is cleaned as everybody does it", () => {
    const part = fc.constantFrom("a", "..", ".", "", ".a", "..b", "...", "c.", "\n", "é")
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const path = `/${parts.join("/")}`
        expect(cleanPath(path)).toBe(posix.normalize(path).replace(/(?<!^)\/$/, ""))
      }),
      { numRuns: propertyRuns(2000) },
    )
  })

  test("cleaning twice is cleaning once, and an absolute path never leaves its root", () => {
    const path = fc
      .array(fc.constantFrom("a", "..", ".", "", "b"), { maxLength: 8 })
      .map((parts) => `/${parts.join("/")}`)
    fc.assert(
      fc.property(path, (one) => {
        expect(cleanPath(cleanPath(one))).toBe(cleanPath(one))
        expect(cleanPath(one)).not.toContain("..")
      }),
    )
  })

  test("joining, parents, absolute paths", () => {
    expect([joinPath("", ""), joinPath("a", "", "../b"), joinPath("/x", "/y")]).toEqual(["", "b", "/x/y"])
    expect([parentPath("/a"), parentPath("/a/b")]).toEqual(["/", "/a"])
    expect(["/", "/a", "/dev/dri/card0"].map(depthOf)).toEqual([1, 1, 3])
    expect([absolutePath("r", "/b"), absolutePath("/r", "/b"), absolutePath("", "/b")]).toEqual([
      "/b/r",
      "/r",
      "/b",
    ])
  })
})

test("white space is Go's: U+0085 is, U+FEFF is not", () => {
  expect(trimSpace("\u0085 a\u3000")).toBe("a")
  expect(trimSpace("\ufeffa")).toBe("\ufeffa")
  expect(splitList(" a,, b ,")).toEqual(["a", "b"])
})

describe("versions", () => {
  test.each<[text: string, strict: boolean, coerced: boolean]>([
    ["1.2.3", true, true],
    ["1", true, true],
    ["1.2", true, true],
    ["v1.2.3", false, true],
    ["01.2.3", false, true],
    ["1.2.3-rc1", true, true],
    ["1.2-rc1", false, true],
    ["1.2.3-01", false, false],
    ["1.2.3+b.1", true, true],
    ["1.2.3.4", false, false],
    ["", false, false],
    ["1.", false, false],
    [`1.${"2".repeat(300)}`, true, false],
  ])("%j: strict %j, coerced %j", (text, strict, coerced) => {
    expect(parseStrictVersion(text) !== undefined).toBe(strict)
    expect(parseCoercedVersion(text) !== undefined).toBe(coerced)
  })

  test.each([
    ["rc1", "rc5", -1],
    ["rc10", "rc5", -1],
    ["rc5", "rc5", 0],
    ["rc1.1", "rc1", 1],
    ["1", "rc", -1],
    ["10", "9", 1],
  ])("pre-releases %s and %s: %i", (one, other, sign) => {
    expect(Math.sign(comparePreRelease(one, other))).toBe(sign)
  })
})
