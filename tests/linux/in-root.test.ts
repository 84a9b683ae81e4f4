import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const isolate = (...program: readonly string[]) => Bun.spawnSync(["unshare", "--mount", ...program])
const canUnshare = Bun.which("unshare") !== null && isolate("true").success
const title = "files of a root, where proc does not know this process"

describe.skipIf(!canUnshare)(canUnshare ? title : `${title} (missing: unshare)`, () => {
  const work = mkdtempSync(join(tmpdir(), "gantry-in-root-"))
  afterAll(() => rmSync(work, { recursive: true, force: true }))
  writeFileSync(join(work, "file"), "content")

  /** As in a container whose root is changed already: its proc has other processes. */
  const read = (before: string): unknown => {
    const module = JSON.stringify(join(import.meta.dir, "../../src/linux/in-root.ts"))
    const script = `
      const { openOwnDescriptors, openRoot, readInRoot } = await import(${module})
      ${before}
      Bun.spawnSync(["mount", "-t", "tmpfs", "none", "/proc"])
      const root = openRoot(${JSON.stringify(work)}, { uid: 0, gid: 0 }).value
      const bytes = readInRoot(root, "/file", 100)
      console.log(JSON.stringify([bytes === undefined ? "none" : new TextDecoder().decode(bytes), root.shortages.length]))`
    const ran = isolate(process.execPath, "-e", script)
    if (!ran.success) throw new Error(ran.stderr.toString())
    return JSON.parse(ran.stdout.toString())
  }

  test("are read by who has looked at its own descriptors before", () => {
    expect(read("openOwnDescriptors()")).toEqual(["content", 0])
  })

  test("are not taken for absent by who has not", () => {
    expect(read("")).toEqual(["none", 1])
  })
})
