/** What is promised to other programs. A name that goes, or comes by accident, shows here. */

import { expect, test } from "bun:test"
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
