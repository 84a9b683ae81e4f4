import { describe, expect, test } from "bun:test"
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join, relative } from "node:path"
import {
  removeMade,
  specPath,
  writeSpecAt,
  writeSpecFile,
} from "../../../src/commands/cdi/write-spec-file.ts"
import { ok } from "../../../src/core/fault/result.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("write")
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test("what is there already is not written again: an engine that watches would read everything anew", () => {
  const path = join(work, "spec.yaml")
  const stateOf = (): string => `${statSync(path).ino} ${modeOf(path)} ${readFileSync(path, "utf8")}`
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

describe("for engines without root", () => {
  test("a new file and the directories on the way to it are open to everybody, whatever the caller masks", () => {
    const mask = process.umask(0o077)
    try {
      const path = join(work, "masked/below/spec.yaml")
      expect(writeSpecFile("text", path, "yaml")).toEqual(ok(path))
      expect([path, join(path, ".."), join(path, "../..")].map(modeOf)).toEqual(["644", "755", "755"])
      expect(process.umask()).toBe(0o077)
    } finally {
      process.umask(mask)
    }
  })

  test("a directory that is there keeps its mode", () => {
    mkdirSync(join(work, "own"))
    chmodSync(join(work, "own"), 0o700)
    expect(writeSpecFile("text", join(work, "own/spec.yaml"), "yaml").ok).toBe(true)
    expect(modeOf(join(work, "own"))).toBe("700")
  })
})

test("a link that lies in wait gives way, and what it leads to stays", () => {
  const target = join(work, "target")
  writeFileSync(target, "of somebody")
  symlinkSync(target, join(work, "link.yaml"))
  expect(writeSpecFile("text", join(work, "link.yaml"), "yaml").ok).toBe(true)
  expect([readFileSync(target, "utf8"), readFileSync(join(work, "link.yaml"), "utf8")]).toEqual([
    "of somebody",
    "text",
  ])
})

test("a name that engines do not read is completed by the format's, and an exact place is not", () => {
  const made = join(work, "names")
  for (const name of ["a.yaml", "b.json", "c", "d.yml", "e.JSON"])
    expect(writeSpecFile("text", join(made, name), "json").ok).toBe(true)
  expect(writeSpecAt("text", join(made, "f.yml"))).toEqual(ok(join(made, "f.yml")))
  expect(readdirSync(made).sort()).toEqual([
    "a.yaml",
    "b.json",
    "c.json",
    "d.yml.json",
    "e.JSON.json",
    "f.yml",
  ])
  expect(specPath(relative(process.cwd(), join(made, "c")), "yaml")).toBe(join(made, "c.yaml"))
})

test("where no directory can be, and where a directory is in the file's place, the file is told of", () => {
  writeFileSync(join(work, "a-file"), "")
  const below = join(work, "a-file/below/spec.yaml")
  expect(writeSpecFile("text", below, "yaml")).toMatchObject({
    ok: false,
    fault: { tag: "CdiFileUnwritable", data: { file: below, reason: "refused", errno: "ENOTDIR" } },
  })
  const taken = join(work, "taken.yaml")
  mkdirSync(taken)
  expect(writeSpecFile("text", taken, "yaml")).toMatchObject({
    ok: false,
    fault: { tag: "CdiFileUnwritable", data: { file: taken, errno: "EISDIR" } },
  })
})

test("a directory that was made for a file that could not be written is not left, and one that was there is", () => {
  mkdirSync(join(work, "there"))
  // No name is as long.
  const path = join(work, "there/new/newer", `${"a".repeat(256)}.yaml`)
  expect(writeSpecFile("text", path, "yaml")).toMatchObject({
    ok: false,
    fault: { tag: "CdiFileUnwritable", data: { errno: "ENAMETOOLONG" } },
  })
  expect(readdirSync(join(work, "there"))).toEqual([])
  // Of the directories on the way the first could be made.
  expect(writeSpecFile("text", join(work, "there/new", "a".repeat(256), "a.yaml"), "yaml").ok).toBe(false)
  expect(readdirSync(join(work, "there"))).toEqual([])
  removeMade([join(work, "own")])
  expect(readdirSync(join(work, "own"))).toEqual(["spec.yaml"])
})
