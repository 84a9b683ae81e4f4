import { expect, test } from "bun:test"
import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { loadModule } from "../../src/host/load-module.ts"
import { temporaryDirectory } from "../temporary-directory.ts"

const work = temporaryDirectory("module")

function program(name: string, script: string): string {
  const path = join(work, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}
const problemOf = async (path: string, timeMs?: number): Promise<string | undefined> => {
  const finding = await loadModule("nvidia-uvm", path, timeMs)
  return finding?.fault.tag === "ModuleNotLoaded" ? finding.fault.data.problem : finding?.fault.tag
}

test("the program gets the module's name, no environment and nobody's directory", async () => {
  const said = join(work, "said")
  process.env["LD_PRELOAD_OF_A_STRANGER"] = "1"
  expect(await problemOf(program("good", `{ echo "$@"; pwd; env; } > ${said}`))).toBeUndefined()
  delete process.env["LD_PRELOAD_OF_A_STRANGER"]
  const [args, directory, ...variables] = readFileSync(said, "utf8").trim().split("\n")
  expect([args, directory]).toEqual(["nvidia-uvm", "/"])
  // What the shell itself sets.
  expect(variables.filter((one) => !/^(PWD|_|SHLVL|OLDPWD)=/.test(one))).toEqual([])
})

test("what fails, hangs or is not there is told", async () => {
  expect(await problemOf(program("bad", "exit 3"))).toBe("modprobe ended with status 3")
  // Who waited for it would wait longer than a test may.
  expect(await problemOf(program("slow", "exec sleep 600"), 200)).toBe(
    "modprobe has not ended within 0.2 seconds",
  )
  expect(await problemOf(join(work, "none"))).toContain("ENOENT")
})
