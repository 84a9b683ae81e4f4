// npm run check: types, lint and format, dead code, then architecture, purity and the unit tests that start no program and are soon done. No root, no engine.
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { ensureNodeModules, findBun, root, say } from "./setup.mjs"
import { runTestsSideBySide, testFiles } from "./test-run.mjs"

function step(name, program, args) {
  const start = performance.now()
  return new Promise((resolve) => {
    let output = ""
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    const keep = (chunk) => {
      output += chunk
    }
    child.stdout.on("data", keep)
    child.stderr.on("data", keep)
    child.on("error", (error) => resolve({ name, isOk: false, output: String(error) }))
    child.on("close", (code) => {
      say(
        `${code === 0 ? "ok    " : "FAILED"} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
      )
      resolve({ name, isOk: code === 0, output })
    })
  })
}

const bin = (name) => `${root}/node_modules/.bin/${name}`

/** Static checks, two at a time; how many failed. */
export async function checkStatically() {
  const first = await Promise.all([
    step("types of everything", bin("tsc"), ["-p", "."]),
    step("lint and format", bin("biome"), ["ci", "--error-on-warnings", "."]),
  ])
  const second = await Promise.all([
    step("types of core, which knows no system", bin("tsc"), ["-p", "src/core"]),
    step("dead code", findBun(), [`${root}/node_modules/knip/bin/knip.js`]),
  ])
  const failed = [...first, ...second].filter(({ isOk }) => !isOk)
  for (const { name, output } of failed) console.log(`\n--- ${name}\n${output}`)
  return failed.length
}

export const unitTests = () => testFiles("tests").filter((file) => !file.startsWith("tests/e2e/"))

/** Those that start programs, compile, or touch a file system take minutes: npm test runs them too. */
const needsSystem = /^tests\/(?:apply|commands|fuzz|host|launcher|linux)\//
/** Whole machines beside the reference, four hundred that are verified, and texts that were made to cost much: as long as all else. */
const takesLong = /^tests\/hosts\/|\/verify-cdi\.test\.ts$|\/hostile(?:-\w+)*\.test\.ts$/
const quickTests = () => unitTests().filter((file) => !needsSystem.test(file) && !takesLong.test(file))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await ensureNodeModules()
  const brokenRules = await checkStatically()
  const { passed, failed, skipped } = await runTestsSideBySide(quickTests(), {
    isQuiet: true,
    // Read by tests/property-runs.ts.
    env: { GANTRY_QUICK: "1" },
  })
  // Who reads the last line alone reads of everything.
  say(`${passed} passed, ${failed + brokenRules} failed, ${skipped.length} skipped`)
  process.exitCode = brokenRules === 0 && failed === 0 && passed > 0 ? 0 : 1
}
