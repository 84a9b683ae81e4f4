import { afterAll, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { writeSpecFile } from "../../src/commands/write-spec-file.ts"
import { ok } from "../../src/core/fault/result.ts"

const work = mkdtempSync(join(tmpdir(), "gantry-write-"))
afterAll(() => rmSync(work, { recursive: true, force: true }))

test("what is there already is not written again: an engine that watches would read everything anew", () => {
  const path = join(work, "spec.yaml")
  const stateOf = (): string => {
    const { ino, mode } = statSync(path)
    return `${ino} ${(mode & 0o777).toString(8)} ${readFileSync(path, "utf8")}`
  }
  expect(writeSpecFile("text", path, "yaml")).toEqual(ok(path))
  const first = stateOf()
  expect(writeSpecFile("text", path, "yaml")).toEqual(ok(path))
  expect(stateOf()).toBe(first)
  chmodSync(path, 0o600)
  expect(writeSpecFile("text", path, "yaml")).toEqual(ok(path))
  expect(stateOf()).toMatch(/ 644 text$/)
  writeFileSync(path, "other")
  expect(writeSpecFile("text", path, "yaml")).toEqual(ok(path))
  expect(stateOf()).toMatch(/ 644 text$/)
})
