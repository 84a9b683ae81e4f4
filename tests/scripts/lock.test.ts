import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
// @ts-expect-error a script without types
import { completeLock } from "../../scripts/complete-lock.mjs"
// @ts-expect-error a script without types
import { isOptional, readReport } from "../../scripts/test-run.mjs"

const root = join(import.meta.dir, "../..")
const text = readFileSync(join(root, "package-lock.json"), "utf8")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

test("the lock file names every optional platform package, and of what is installed the default registry's address", () => {
  const packages = Object.values<Readonly<Record<string, string>>>(JSON.parse(text).packages)
  const addresses = packages.flatMap(({ integrity, resolved }) => (integrity === undefined ? [] : [resolved]))
  expect(addresses.length).toBeGreaterThan(30)
  expect(addresses.filter((one) => !one?.startsWith("https://registry.npmjs.org/"))).toEqual([])
  expect(`${JSON.stringify(completeLock(JSON.parse(text)), null, 2)}\n`).toBe(text)
})

test("Bun and its types are of one version, and its install script is allowed", () => {
  expect(manifest.devDependencies["@types/bun"]).toBe(manifest.devDependencies.bun)
  expect(manifest.allowScripts).toEqual({ bun: true })
})

test("a report is counted test by test", () => {
  const report = readReport(
    `<testsuites><testsuite><testcase name="a" file="tests/x.test.ts" /><testcase name="b" file="tests/x.test.ts"><failure/></testcase><testcase name="c &lt;" classname="in &gt; out (missing: x)" file="tests/y.test.ts"><skipped /></testcase></testsuite></testsuites>`,
  )
  expect({ ...report, files: [...report.files] }).toEqual({
    passed: 1,
    failed: 1,
    skipped: ["out (missing: x) > in > c <"],
    files: ["tests/x.test.ts", "tests/y.test.ts"],
  })
})

test("a skipped suite is optional where its name says so, and where it misses something in another way it is not", () => {
  expect(isOptional("containerd 2 (optional; missing: go) > by CRI")).toBe(true)
  expect(isOptional("containerd (missing: ctr) > by CRI")).toBe(false)
})
