/** What the documents name is there: tests that hold a promise, pages that are linked to, files of the repository. */

import { expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { gunzipSync } from "node:zlib"
import { editOrder } from "../src/core/plan/edit.ts"

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

test("as many records as documents say are there", () => {
  const vectors = (path: string): Buffer => readFileSync(join(root, "tests/vectors", path))
  const rows = (path: string): number => (JSON.parse(String(vectors(path))) as readonly unknown[]).length
  const lines = (path: string): number =>
    String(gunzipSync(vectors(path)))
      .trim()
      .split("\n").length
  const [specs, edits, directories, names] = ["specs", "edits", "directories", "names"].map((name) =>
    rows(`cdi/${name}.json`),
  )
  const runs = ["1.20", "1.13", "2020-07"].reduce((sum, name) => sum + lines(`hook/${name}.jsonl.gz`), 0)
  expect(readFileSync(join(root, "docs/differences.md"), "utf8")).toContain(
    `${specs} specifications, ${edits} applications of edits, ${directories} sets of directories and ${names} names`,
  )
  const readme = readFileSync(join(root, "README.md"), "utf8")
  expect(readme).toContain(`${specs} specifications judged`)
  expect(readme).toContain(`${runs.toLocaleString("en")} recorded runs`)
  expect(readme).toContain(`${lines("runtime-cdi.jsonl.gz")} recorded containers`)
  expect(readme).toContain(`${lines("cdi-generate.jsonl.gz")} recorded runs of the reference`)
})

test("the page of plans has every kind of edit, in their order", () => {
  const table =
    readFileSync(join(root, "docs/plan.md"), "utf8").split("\n## Edits\n")[1]?.split("\n## ")[0] ?? ""
  expect([...table.matchAll(/^\| `(\w+)`/gm)].map(([, kind]) => kind)).toEqual(["kind", ...editOrder])
})

test("the page of CDI shows how each action is called", () => {
  const [, usage = ""] = readFileSync(join(root, "docs/cdi.md"), "utf8").split(/^```.*\n/m)
  const called = [...usage.matchAll(/^gantry cdi (\S+(?: NAME…\S*)*)/gm)].flatMap(([, words = ""]) =>
    words.match(/[a-z]+/g),
  )
  const actions = readFileSync(join(root, "src/commands/cdi/cdi.ts"), "utf8").matchAll(
    /^ {2}(\w+): \(\) => import\(/gm,
  )
  expect([...new Set(called)].sort()).toEqual([...actions].map(([, name]) => name ?? "").sort())
})
