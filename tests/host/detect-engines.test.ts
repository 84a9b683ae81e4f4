import { afterAll, beforeAll, expect, test } from "bun:test"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { detectEngines } from "../../src/host/detect-engines.ts"

const work = mkdtempSync(join(tmpdir(), "gantry-engines-"))
const programs = join(work, "bin")
const state = join(work, "state")
const asked = join(work, "asked")
beforeAll(() => {
  for (const directory of [programs, state]) mkdirSync(directory, { mode: 0o700 })
})
const left = join(work, "left")
afterAll(() => {
  for (const pid of existsSync(left) ? readFileSync(left, "utf8").trim().split("\n") : [])
    killIfThere(Number(pid))
  rmSync(work, { recursive: true, force: true })
})

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It was killed with its parent.
  }
}

/** An engine of that name before any that this machine has. */
const put = (name: string, script: string): void =>
  writeFileSync(join(programs, name), `#!/bin/sh\necho ${name} >> ${asked}\n${script}\n`, { mode: 0o755 })
const find = async (name: string) =>
  (await detectEngines(`${programs}:/usr/bin:/bin`, state)).find((one) => one.name === name)?.version
const countAsked = (name: string): number =>
  readFileSync(asked, "utf8")
    .split("\n")
    .filter((line) => line === name).length

test("a program is asked once, and again when its file is another", async () => {
  put("podman", "echo podman version 4.3.1")
  expect(await find("podman")).toBe("4.3.1")
  expect(await find("podman")).toBe("4.3.1")
  expect(countAsked("podman")).toBe(1)
  put("podman", "echo podman version 5.4.0")
  expect(await find("podman")).toBe("5.4.0")
  expect(countAsked("podman")).toBe(2)
})

test("without a state directory it is asked every time", async () => {
  put("crio", "echo crio version 1.34.1")
  for (let count = 1; count <= 2; count++) {
    const engines = await detectEngines(programs, undefined)
    expect(engines).toContainEqual({ name: "crio", version: "1.34.1" })
    expect(countAsked("crio")).toBe(count)
  }
})

test("one that fails or says nothing of a version is not told of", async () => {
  put("crio", "echo crio version 1.34.1; exit 1")
  expect(await find("crio")).toBeUndefined()
  put("crio", "echo hello")
  expect(await find("crio")).toBeUndefined()
})

test.each([
  ["hangs", `echo $$ >> ${left}; exec sleep 600`, undefined],
  [
    "is a script whose child hangs",
    `sleep 600 & echo $! >> ${left}; wait; echo crio version 1.34.1`,
    undefined,
  ],
  [
    "has answered and left a child that holds its pipe",
    `sleep 600 & echo $! >> ${left}; echo crio version 1.34.1`,
    "1.34.1",
  ],
])("nobody waits for a program that %s", async (_, script, version) => {
  put("crio", script)
  // Who waited for it would wait longer than a test may.
  expect(await find("crio")).toBe(version as string)
})

test("what somebody else wrote into the state is not believed", async () => {
  rmSync(programs, { recursive: true })
  mkdirSync(programs)
  put("podman", "echo podman version 4.3.1")
  for (const text of [
    "{",
    "null",
    '{"version":1,"programs":null}',
    '{"version":1,"programs":{"x":{"stamps":[]}}}',
  ]) {
    writeFileSync(join(state, "engines.json"), text, { mode: 0o600 })
    expect(await find("podman")).toBe("4.3.1")
  }
})
