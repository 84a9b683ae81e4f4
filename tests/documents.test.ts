/** What the documents name is there: tests that hold a promise, pages that are linked to, files of the repository. */

import { expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

const root = join(import.meta.dir, "..")
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
]

interface Named {
  readonly page: string
  /** From the repository's root. */
  readonly path: string
}

const namedIn = (page: string): readonly Named[] => {
  const text = readFileSync(join(root, page), "utf8")
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(page), target))
  const paths = [...text.matchAll(/`((?:tests|docs|src|bench|fuzz|scripts)\/[\w./-]+)`/g)].map(
    ([, path = ""]) => path,
  )
  const bare = [...text.matchAll(/(?<![\w/(`.])docs\/[\w-]+\.md/g)].map(([path]) => path)
  return [...links, ...paths, ...bare].map((path) => ({ page, path }))
}

test("every test, page and file that a document names is there", () => {
  const named = pages.flatMap(namedIn)
  // Proof that documents were read, and that names were found in them.
  expect(named.filter(({ path }) => path.startsWith("tests/")).length).toBeGreaterThan(100)
  expect(named.filter(({ path }) => path.startsWith("docs/")).length).toBeGreaterThan(20)
  expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([])
})
