import { expect, test } from "bun:test"
import fc from "fast-check"
import { matchesPath } from "../../../src/core/text/match-path.ts"

/** Answers of Go 1.25's filepath.Match. */
test.each([
  ["/usr/lib/*.so", "/usr/lib/a.so", true],
  ["/usr/*.so", "/usr/lib/a.so", false],
  ["*", "", true],
  ["*", "/", false],
  ["?", "/", false],
  ["?", "é", true],
  ["**", "a/b", false],
  ["a*b*c", "axxbyyc", true],
  ["a*b*c", "axxbyy", false],
  ["lib[a-c].so", "libb.so", true],
  ["lib[^a-c].so", "libb.so", false],
  ["lib[!a].so", "lib!.so", true],
  ["[/]", "/", true],
  ["[\\]]", "]", true],
  ["[a\\-c]", "b", false],
  ["\\*", "*", true],
  ["\\*", "a", false],
  [".*", ".hidden", true],
  ["*", ".hidden", true],
  ["", "", true],
  // Malformed.
  ["[", "[", false],
  ["[]", "]", false],
  ["[]a]", "]", false],
  ["[a-]", "-", false],
  ["[-a]", "a", false],
  ["a\\", "a\\", false],
  ["*[", "a", false],
])("%j and %j: %p", (pattern, path, isMatch) => {
  expect(matchesPath(pattern, path)).toBe(isMatch)
})

test("a text matches itself with a backslash before every character, and nothing else of its length does", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, other) => {
      const pattern = [...text].map((one) => `\\${one}`).join("")
      expect(matchesPath(pattern, text)).toBe(true)
      expect(matchesPath(pattern, other)).toBe(text === other)
    }),
  )
})

test("a hostile pattern does not take long", () => {
  expect(matchesPath("*a".repeat(2000), "a".repeat(1999))).toBe(false)
  expect(matchesPath(`${"*a".repeat(500)}b`, "a".repeat(20_000))).toBe(false)
})
