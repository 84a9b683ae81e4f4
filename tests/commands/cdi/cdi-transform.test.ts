/** `gantry cdi transform root`: whose paths are moved, in which format the result is, and where it goes. */

import { describe, expect, test } from "bun:test"
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { temporaryDirectory } from "../../temporary-directory.ts"

const program = [process.execPath, join(resolve(import.meta.dir, "../../.."), "src/main.ts")]
const work = temporaryDirectory("transform")
const at = (name: string): string => join(work, name)
const read = (name: string): string => readFileSync(at(name), "utf8")

const json = (hostPath: string, containerPath: string): string =>
  `{"cdiVersion":"0.5.0","kind":"v.com/card","devices":[{"name":"a","containerEdits":{"mounts":[{"hostPath":"${hostPath}","containerPath":"${containerPath}"}]}}]}\n`
const yaml = (hostPath: string, containerPath: string): string => `---
cdiVersion: 0.5.0
kind: v.com/card
devices:
    - name: a
      containerEdits:
        mounts:
            - hostPath: ${hostPath}
              containerPath: ${containerPath}
`
writeFileSync(at("in.json"), json("/usr/lib/x", "/usr/lib/x"))
writeFileSync(at("in.yaml"), yaml("/usr/lib/x", "/usr/lib/x"))

function gantry(...words: readonly string[]) {
  const ran = Bun.spawnSync([...program, "cdi", "transform", ...words])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}
const move = (file: string, ...more: readonly string[]) =>
  gantry("root", at(file), "--from", "/usr", "--to", "/run/driver/usr", ...more)
const moved = "/run/driver/usr/lib/x"

describe("whose paths are moved", () => {
  test.each([
    [[], moved, "/usr/lib/x"],
    [["--relative-to", "host"], moved, "/usr/lib/x"],
    [["--relative-to=container"], "/usr/lib/x", moved],
  ])("%p", (said, hostPath, containerPath) => {
    expect(move("in.json", ...said)).toEqual({ exit: 0, stdout: json(hostPath, containerPath), stderr: "" })
  })
})

describe("the format", () => {
  test.each([
    ["is that of the file", "in.json", [], json],
    ["is that of the file", "in.yaml", [], yaml],
    ["is that of the file, by each name of standard output", "in.json", ["-o", "-"], json],
    ["is that of the file, by each name of standard output", "in.json", ["--output=/dev/stdout"], json],
    ["is the one that is said", "in.json", ["--format", "yaml"], yaml],
  ])("%s: %s %p", (_what, file, said, render) => {
    expect(move(file, ...said)).toEqual({ exit: 0, stdout: render(moved, "/usr/lib/x"), stderr: "" })
  })

  test.each([
    ["its name's", "in.json", "made.yaml", [], yaml],
    ["its name's", "in.yaml", "made.json", [], json],
    ["the one that is said", "in.json", "made", ["--format=json"], json],
  ])("of a file that is written is %s: %s to %s %p", (_whose, file, output, said, render) => {
    for (const flag of ["-o", "--output"]) {
      rmSync(at(output), { force: true })
      expect(move(file, flag, at(output), ...said)).toEqual({ exit: 0, stdout: "", stderr: "" })
      expect([read(output), statSync(at(output)).mode & 0o777]).toEqual([render(moved, "/usr/lib/x"), 0o644])
    }
  })
})

describe("where it goes", () => {
  test("a file that is there keeps its mode, and may be the one that is read", () => {
    writeFileSync(at("own.json"), read("in.json"))
    chmodSync(at("own.json"), 0o600)
    expect(move("own.json", "-o", at("own.json")).exit).toBe(0)
    expect([read("own.json"), statSync(at("own.json")).mode & 0o777]).toEqual([
      json(moved, "/usr/lib/x"),
      0o600,
    ])
  })

  test("where no file can be that is told", () => {
    const { exit, stderr } = move("in.json", "-o", at("none/made.json"))
    expect([exit, stderr.includes(`"${at("none/made.json")}"`)]).toEqual([1, true])
  })

  test("of a file that engines refuse nothing is made", () => {
    writeFileSync(at("wrong.json"), '{"cdiVersion":"0.5.0","kind":"v.com/card","devices":[]}')
    const { exit, stdout, stderr } = move("wrong.json", "-o", at("of-wrong.json"))
    expect([exit, stdout, existsSync(at("of-wrong.json"))]).toEqual([1, "", false])
    expect(stderr).toContain("[GAN4015]")
  })
})

const directories = ["--from", "/usr", "--to", "/opt"]
test.each<[problem: string, words: readonly string[]]>([
  ["say root and a file", ["leaf", at("in.json"), ...directories]],
  ["say root and a file", ["root", ...directories]],
  ["say root and a file", ["root", at("in.json"), at("in.yaml"), ...directories]],
  ["--from and --to are absolute paths", ["root", at("in.json"), "--from", "/usr"]],
  ["--from and --to are absolute paths", ["root", at("in.json"), "--to", "/usr"]],
  ["--from and --to are absolute paths", ["root", at("in.json"), "--from", "usr", "--to", "/usr"]],
  ["--from and --to are absolute paths", ["root", at("in.json"), "--from", "/usr", "--to", "usr"]],
  [
    '--relative-to is host or container, not "both"',
    ["root", at("in.json"), ...directories, "--relative-to=both"],
  ],
  ['unknown format "toml", known: yaml, json', ["root", at("in.json"), ...directories, "--format=toml"]],
  ["a file's name is not empty", ["root", at("in.json"), ...directories, "--output="]],
])("wrong usage, %s: %p", (problem, words) => {
  const { exit, stdout, stderr } = gantry(...words)
  expect([exit, stdout]).toEqual([2, ""])
  expect(stderr).toContain(problem)
})
