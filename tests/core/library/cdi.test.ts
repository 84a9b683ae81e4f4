/** What is promised to other programs. A name that goes, or comes by accident, shows here. */

import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as library from "../../../src/core/library/cdi.ts"

const page = readFileSync(join(import.meta.dir, "../../../docs/library.md"), "utf8")

test("the page names every function and value that gantry/cdi exports, and no other", () => {
  const table = page.slice(page.indexOf("| to "))
  const named = [...table.matchAll(/`([A-Za-z]+)`/g)].map(([, name]) => name)
  const words = ["tag", "data", "yaml"]
  expect(named.filter((name) => name !== undefined && !words.includes(name)).sort()).toEqual(
    Object.keys(library).sort(),
  )
})

describe("every function's comment says what the type cannot", () => {
  const entry = join(import.meta.dir, "../../../src/core/library/cdi.ts")
  /** Of each name that the entry exports. */
  const sources = new Map(
    [...readFileSync(entry, "utf8").matchAll(/export (?:type )?\{([^}]*)\} from "([^"]+)"/g)].flatMap(
      ([, names = "", from = ""]) =>
        names.split(",").map((name) => [name.trim(), readFileSync(join(entry, "..", from), "utf8")] as const),
    ),
  )
  const functions = Object.entries(library).filter(([, value]) => typeof value === "function")

  test("the entry was read", () => expect(functions.length).toBeGreaterThan(20))

  test.each(functions.map(([name]) => name))("%s", (name) => {
    const declared = new RegExp(`(\\*/\\n)?export (?:const|function) ${name}\\b[^{]*`).exec(
      sources.get(name) ?? "",
    )
    expect(declared?.[1]).toBe("*/\n")
    const before = sources.get(name)?.slice(0, declared?.index) ?? ""
    const comment = before.slice(before.lastIndexOf("/**"))
    expect(comment).not.toContain("\nexport ")
    if (/\bResult</.test(declared?.[0] ?? "")) expect(comment).toContain("Faults:")
  })
})
