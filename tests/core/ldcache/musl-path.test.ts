import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  mergeMuslPath,
  muslDefaultDirectories,
  muslPathFile,
  parseMuslPath,
} from "../../../src/core/ldcache/musl-path.ts"

const directory = fc.stringMatching(/^\/[a-z]{1,3}$/)
const content = fc.option(
  fc
    .array(fc.tuple(directory, fc.constantFrom(":", "\n", "\n\n", "")), { maxLength: 5 })
    .map((parts) => parts.flat().join("")),
  { nil: undefined },
)

describe("musl's directories", () => {
  test.each([
    ["no file", undefined, ["/lib", "/usr/local/lib", "/usr/lib"]],
    ["an empty file", "", []],
    ["colons", "/a:/b", ["/a", "/b"]],
    ["line breaks", "/a\n/b\n", ["/a", "/b"]],
    ["both, and empty places", "/a::\n\n/b:/c\n", ["/a", "/b", "/c"]],
  ])("%s", (_, text, directories) => {
    expect(parseMuslPath(text)).toEqual(directories)
  })

  test("each machine has its file", () => {
    expect((["x86-64", "aarch64", "i386"] as const).map(muslPathFile)).toEqual([
      "/etc/ld-musl-x86_64.path",
      "/etc/ld-musl-aarch64.path",
      "/etc/ld-musl-i386.path",
    ])
  })

  test("added directories are searched last, each once, and nothing that was searched is lost", () => {
    fc.assert(
      fc.property(content, fc.array(directory), (text, added) => {
        const before = parseMuslPath(text)
        const after = parseMuslPath(mergeMuslPath(text, added) ?? text)
        expect(after).toEqual([...before, ...new Set(added.filter((one) => !before.includes(one)))])
        expect(mergeMuslPath(mergeMuslPath(text, added) ?? text, added)).toBeUndefined()
      }),
    )
  })

  test("what the default searches anyway needs no file", () => {
    expect(mergeMuslPath(undefined, muslDefaultDirectories)).toBeUndefined()
  })
})
