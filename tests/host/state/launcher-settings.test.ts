import { expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { lstatSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

test("a FIFO in the place of what is kept for the launcher holds nobody up, and gives way", () => {
  const state = mkdtempSync(join(tmpdir(), "gantry-launcher-"))
  const file = join(state, "launcher")
  spawnSync("mkfifo", [file])
  // In a process of its own: what waits for a FIFO cannot be interrupted.
  const source = (path: string): string => JSON.stringify(join(import.meta.dir, "../../../src", path))
  const keep = `
    import { parseConfig } from ${source("core/request/parse-config.ts")}
    import { keepLauncherSettings } from ${source("host/state/launcher-settings.ts")}
    const { value } = parseConfig("", undefined)
    keepLauncherSettings(${JSON.stringify(state)}, { config: value.config, runtimes: ["runc"] }, "absent /none")`
  const { status, stderr } = spawnSync(process.execPath, ["-e", keep], { timeout: 10_000, encoding: "utf8" })
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  expect(lstatSync(file).isFile()).toBe(true)
  rmSync(state, { recursive: true })
})
