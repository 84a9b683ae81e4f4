import { describe, expect, test } from "bun:test"
import { viewRoot } from "../../../src/core/host/root-view.ts"
import { expandGlob, matchName } from "../../../src/core/ldcache/glob.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"

describe("patterns of file names", () => {
  test.each([
    ["*.conf", "a.conf"],
    ["*", "a"],
    ["a*b*c", "aXbYbZc"],
    ["?.conf", "x.conf"],
    ["[a-c]x", "bx"],
    ["[!a-c]x", "dx"],
    ["[]]", "]"],
    ["[a-]", "-"],
    ["\\*", "*"],
    [".*", ".hidden"],
    ["[a", "[a"],
    ["**", ""],
  ])("%s matches %s", (pattern, name) => {
    expect(matchName(pattern, name)).toBe(true)
  })

  test.each([
    ["*.conf", ".conf", "a leading dot is matched by a dot only"],
    ["*.conf", "a.conf.bak", "the whole name must match"],
    ["?", "", "a question mark is one character"],
    ["[a-c]x", "dx", "not in the list"],
    ["[!a-c]x", "bx", "in the list of what it must not be"],
    ["\\*", "a", "a star after a backslash is a star"],
    ["a", "A", "capitals are others"],
    ["a\\", "a", "a backslash with nothing behind it matches nothing"],
  ])("%s does not match %s: %s", (pattern, name) => {
    expect(matchName(pattern, name)).toBe(false)
  })

  test("a pattern made to be slow is not", () => {
    expect(matchName(`${"*a".repeat(2000)}b`, "a".repeat(4000))).toBe(false)
  })

  const file = { kind: "file", content: "" } as const
  const tree = viewRoot(
    createMemoryHost({
      "/etc/c.d/b.conf": file,
      "/etc/c.d/a.conf": file,
      "/etc/d.d/a.conf": file,
      "/etc/c.d/x": file,
    }),
    hostPath("/"),
  )
  test("a path is matched part by part, in the order of names", () => {
    expect(expandGlob(tree, "/etc/?.d/*.conf", { directories: 10 })).toEqual([
      "/etc/c.d/a.conf",
      "/etc/c.d/b.conf",
      "/etc/d.d/a.conf",
    ])
    expect(expandGlob(tree, "/etc/c.d/absent", { directories: 10 })).toEqual(["/etc/c.d/absent"])
    expect(expandGlob(tree, "/nowhere/*", { directories: 10 })).toEqual([])
  })

  test("no more directories are read than allowed", () => {
    const budget = { directories: 1 }
    expect(expandGlob(tree, "/etc/?.d/*.conf", budget)).toEqual([])
    expect(budget.directories).toBeLessThan(0)
  })
})
