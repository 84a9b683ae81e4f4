// npm test: everything. Installs what it needs and may install, checks, builds, runs unit and end-to-end tests, and ends with
// one line of counts. In CI nothing may be skipped but what says that it is optional.
import { build } from "./build.mjs"
import { checkStatically, unitTests } from "./check.mjs"
import { ensureNodeModules, ensurePackages, isRoot, say } from "./setup.mjs"
import { isOptional, runTests, runTestsSideBySide, testFiles } from "./test-run.mjs"

const counts = { passed: 0, failed: 0, skipped: [] }
const add = ({ passed, failed, skipped }) => {
  counts.passed += passed
  counts.failed += failed
  counts.skipped.push(...skipped)
}

try {
  await ensureNodeModules()
  const engines = ["runc", "crun", "docker", "podman", "containerd"]
  const tools = ["network", "busybox", "compiler", "tracing", "systemd", "musl"]
  const missing = await ensurePackages([...engines, ...tools])
  if (!isRoot) missing.push("root")
  if (missing.length > 0) say(`skipping what needs: ${missing.join(", ")}`)
  say("static checks")
  add({ passed: 0, failed: await checkStatically(), skipped: [] })
  await build()
  say("unit tests")
  add(await runTestsSideBySide(unitTests()))
  say("end-to-end tests")
  add(await runTests(testFiles("tests/e2e"), { timeoutMs: 300_000 }))
  for (const name of counts.skipped) say(`skipped: ${name}`)
  const needed = counts.skipped.filter((name) => !isOptional(name))
  if (process.env.CI === "true" && needed.length > 0) {
    say("in CI a skipped test is a failure, unless it is optional")
    counts.failed += needed.length
    counts.skipped = counts.skipped.filter(isOptional)
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  counts.failed++
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`)
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1
