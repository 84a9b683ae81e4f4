/** `npm run demo`, the first thing that a reader of README.md does, and what the page shows of it. */

import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { missing, mustRun } from "./bundle.ts"

const root = join(import.meta.dir, "../..")
const absent = missing("runc", "busybox", "node")
const title = `npm run demo${absent === "" ? "" : ` (missing: ${absent})`}`

describe.skipIf(absent !== "")(title, () => {
  test("starts a container with two of four GPUs, and tells what README.md says", () => {
    const told = mustRun("node", [join(root, "scripts/demo.mjs")])
    expect(told.match(/ nvidia\d$/gm)).toEqual([" nvidia0", " nvidia2"])
    expect(told.match(/^GPU \d: NVIDIA H100/gm)).toHaveLength(2)
    expect(missingLines(shownInReadme(), told)).toEqual([])
  })
})

/** The lines of the first text behind the demo's command. */
function shownInReadme(): readonly string[] {
  const page = readFileSync(join(root, "README.md"), "utf8")
  const behind = page.slice(page.indexOf("```sh\nnpm run demo\n```"))
  const [, shown = ""] = behind.split(/^```text\n/m)
  return shown.slice(0, shown.indexOf("```")).trimEnd().split("\n")
}

/** Those that do not stand in the text, in the order that they have here. */
function missingLines(lines: readonly string[], text: string): readonly string[] {
  const rest = text.split("\n")
  return lines.filter((line) => {
    const at = rest.indexOf(line)
    if (at >= 0) rest.splice(0, at + 1)
    return at < 0
  })
}
