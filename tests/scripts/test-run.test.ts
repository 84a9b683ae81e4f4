import { expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join, relative } from "node:path"
// @ts-expect-error a script without types
import { isOptional, readReport } from "../../scripts/test-run.mjs"
import { temporaryDirectory } from "../temporary-directory.ts"

const root = join(import.meta.dir, "../..")

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

const directory = temporaryDirectory("test-run")

/** What runs such files beside one another, as a program of its own: what it says is not this run's. */
function countSideBySide(files: Readonly<Record<string, string>>): unknown {
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(directory, name), `import { test } from "bun:test"\n${text}\n`)
  const paths = Object.keys(files).map((name) => relative(root, join(directory, name)))
  const script = `import { runTestsSideBySide } from "${root}/scripts/test-run.mjs"
    console.log("\\n" + JSON.stringify(await runTestsSideBySide(${JSON.stringify(paths)}, { isQuiet: true })))`
  const { stdout } = spawnSync(process.execPath, ["--eval", script], { encoding: "utf8" })
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")
}

test("side by side a file that does not load, has no test or ends its runner fails, and the others are counted", () => {
  const sound = `test("passes", () => {})`
  expect(
    countSideBySide({
      "first.test.ts": `${sound}; test.skip("left out", () => {}); test("throws", () => { throw new Error() })`,
      "absent.test.ts": `import "./nothing.ts"; ${sound}`,
      "empty.test.ts": "",
      "ends.test.ts": `test("ends", () => process.exit(0))`,
      "dies.test.ts": `test("dies", () => process.kill(process.pid, "SIGKILL"))`,
      "last.test.ts": sound,
    }),
  ).toEqual({ passed: 2, failed: 5, skipped: ["left out"] })
})
