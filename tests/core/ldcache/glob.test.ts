import { describe, expect, test } from "bun:test"
import { viewRoot } from "../../../src/core/host/root-view.ts"
import { expandGlob, matchName } from "../../../src/core/ldcache/glob.ts"
import { createWalkBudget } from "../../../src/core/ldcache/walk-budget.ts"
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
    expect(expandGlob(tree, "/etc/?.d/*.conf", { directories: 10, walk: createWalkBudget() })).toEqual([
      "/etc/c.d/a.conf",
      "/etc/c.d/b.conf",
      "/etc/d.d/a.conf",
    ])
    expect(expandGlob(tree, "/etc/c.d/absent", { directories: 10, walk: createWalkBudget() })).toEqual([
      "/etc/c.d/absent",
    ])
    expect(expandGlob(tree, "/nowhere/*", { directories: 10, walk: createWalkBudget() })).toEqual([])
  })

  test("patterns and names are compared as long as the walk may take", () => {
    const names = 1000
    const many = { readDir: () => ({ ok: true, value: Array(names).fill("a".repeat(200)) }) as const }
    const pattern = `/${"*a".repeat(60)}b`
    const walk = createWalkBudget(1_000_000)
    let compared = 0
    const counted = { ...walk, spend: (steps: number) => ++compared >= 0 && walk.spend(steps) }
    expect(expandGlob(many, pattern, { directories: 10, walk: counted })).toEqual([])
    expect(walk.isSpent()).toBe(true)
    expect(compared).toBeLessThan(100)
    expect(expandGlob(many, pattern, { directories: 10, walk: counted })).toEqual([])
    expect(expandGlob(many, "/a*", { directories: 10, walk: createWalkBudget(1_000_000) }).length).toBe(names)
  })

  test("brackets that nothing closes cost what looking for their ends does", () => {
    const one = { readDir: () => ({ ok: true, value: ["a".repeat(200)] }) as const }
    const walk = createWalkBudget()
    expandGlob(one, `/*${"[".repeat(2000)}`, { directories: 10, walk })
    expect(walk.isSpent()).toBe(true)
  })

  test("no more directories are read than allowed", () => {
    const budget = { directories: 1, walk: createWalkBudget() }
    expect(expandGlob(tree, "/etc/?.d/*.conf", budget)).toEqual([])
    expect(budget.directories).toBeLessThan(0)
  })
})
