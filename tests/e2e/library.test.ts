/** The library as others get it: packed, unpacked, type-checked and run by Node and by Bun, with the example of its page. */

import { afterAll, beforeAll, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dir, "../..")
const place = mkdtempSync(join(tmpdir(), "gantry-library-"))
const installed = join(place, "node_modules/gantry")

const page = readFileSync(join(root, "docs/library.md"), "utf8")
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)?.[1] ?? `the page has no ${language}`

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: place, encoding: "utf8" })
  return status === 0 ? stdout : `status ${status}: ${stdout}${stderr}`
}

beforeAll(() => {
  run("npm", "pack", root, "--ignore-scripts", "--silent")
  mkdirSync(installed, { recursive: true })
  run(
    "tar",
    "-xzf",
    readdirSync(place).find((name) => name.endsWith(".tgz")) ?? "",
    "-C",
    installed,
    "--strip-components=1",
  )
  writeFileSync(join(place, "package.json"), `{ "type": "module" }`)
  writeFileSync(join(place, "example.ts"), block("ts"))
  run(process.execPath, "build", "example.ts", "--no-bundle", "--outfile", "example.js")
})

afterAll(() => rmSync(place, { recursive: true, force: true }))

test.each(["node", process.execPath])("the page's example prints under %s what the page says", (program) => {
  expect(run(program, "example.js")).toBe(block("text"))
})

test("the types are whole, without those of any system but the console and text encoding", () => {
  writeFileSync(
    join(place, "globals.d.ts"),
    "declare const console: { log(text: string): void }\ndeclare class TextEncoder { encode(text: string): Uint8Array }\n",
  )
  const flags = [
    "--noEmit",
    "--strict",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--types",
    "",
    "--lib",
    "es2024",
  ]
  expect(run(join(root, "node_modules/.bin/tsc"), ...flags, "globals.d.ts", "example.ts")).toBe("")
})

test("the package holds the library and its pages, and imports no system", () => {
  expect(readdirSync(installed).sort()).toEqual(["LICENSE", "README.md", "dist", "docs", "package.json"])
  expect(readdirSync(join(installed, "dist"))).toEqual(["library"])
  const linked = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) =>
    join(installed, "docs", target),
  )
  expect(linked).not.toBeEmpty()
  expect(linked.filter((path) => !existsSync(path))).toEqual([])
  const text = readFileSync(join(installed, "dist/library/cdi.js"), "utf8")
  expect(text).toContain("export {")
  expect(text.match(/^import .*|from "(node|bun).*|require\(.*|\b(process|Bun)\.(?!env in).*/gm)).toBeNull()
})
