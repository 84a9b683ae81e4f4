// Runs bun's test runner and counts from its report and its exit status together: a file that fails to load is missing from
// the report, and a run of nothing is no success.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join, relative, resolve } from "node:path"
import { findBun, root, run } from "./setup.mjs"

export function testFiles(directory) {
  return readdirSync(join(root, directory), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) return testFiles(path)
      return entry.name.endsWith(".test.ts") ? [path] : []
    })
    .sort()
}

const attribute = (tag, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]
const plain = (text) =>
  text
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&")

/** Counts from a junit report: every test case, and the files that have any. */
export function readReport(xml) {
  const result = { passed: 0, failed: 0, skipped: [], files: new Set() }
  for (const match of xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const [, tag = "", , body = ""] = match
    const file = attribute(tag, "file")
    if (file !== undefined) result.files.add(plain(file))
    if (/<(failure|error)\b/.test(body)) result.failed++
    else if (/<skipped\b/.test(body)) {
      // A skipped suite reports its hooks too, without a name.
      const name = plain(attribute(tag, "name") ?? "?")
      const suites = plain(attribute(tag, "classname") ?? "")
        .split(" > ")
        .reverse()
      if (name !== "(unnamed)") result.skipped.push([...suites, name].filter((one) => one !== "").join(" > "))
    } else result.passed++
  }
  return result
}

/** Tests of engines that not every machine can have say so in their suite's name: `crun (optional; missing: …)`. */
export const isOptional = (name) => name.includes("(optional; missing: ")

/** Runs the files and returns counts; problems beyond single tests are counted as failures and said. */
export async function runTests(files, { timeoutMs = 120_000 } = {}) {
  return await runOnce(files, { timeoutMs })
}

/**
 * The same of tests that do not get into each other's way: a runner for each processor (two at least: what ends one shall not
 * end the run), which takes the next file when it is done with one. A runner stays the same process, because loading and compiling
 * what most files import costs as much as their tests; one that dies fails the file that it was at. `isQuiet`: what passed is
 * counted only.
 */
export async function runTestsSideBySide(files, { isQuiet = false, env = {} } = {}) {
  const runners = Math.max(2, availableParallelism())
  return await runOnce(files, { timeoutMs: 120_000, runners, isQuiet, env })
}

async function runOnce(files, { timeoutMs, runners, isQuiet = false, env = {} }) {
  const directory = mkdtempSync(join(tmpdir(), "gantry-report-"))
  const reportPath = join(directory, "report.xml")
  const args = ["test", `--timeout=${timeoutMs}`, "--reporter=junit", `--reporter-outfile=${reportPath}`]
  if (runners !== undefined) args.push(`--parallel=${runners}`, "--no-isolate")
  if (isQuiet) args.push("--only-failures")
  const problems = []
  try {
    const status = await run(findBun(), [...args, ...files.map((file) => `./${file}`)], {
      env: { ...process.env, ...env },
    })
    const report = existsSync(reportPath) ? readReport(readFileSync(reportPath, "utf8")) : readReport("")
    const seen = new Set([...report.files].map((file) => relative(root, resolve(root, file))))
    for (const file of files) if (!seen.has(file)) problems.push(`${file} ran no test (does it load?)`)
    if (report.passed + report.failed + report.skipped.length === 0) problems.push("no test ran")
    if (status !== 0 && report.failed === 0 && problems.length === 0)
      problems.push(`the runner ended with status ${status}`)
    for (const problem of problems) console.log(`FAILED: ${problem}`)
    return { passed: report.passed, failed: report.failed + problems.length, skipped: report.skipped }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
