/** What keeps a specification from being written: an engine gives a device to nobody that two files of one directory define. */

import { afterEach, beforeEach, expect, test } from "bun:test"
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findRivals, writeWithoutConflict } from "../../../src/commands/cdi/find-rivals.ts"
import { fault } from "../../../src/core/fault/fault.ts"
import { fail, ok } from "../../../src/core/fault/result.ts"
import type { MadeSpec } from "../../../src/core/generate/made-spec.ts"

let directory = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "gantry-rivals-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))
const at = (name: string): string => join(directory, name)

const textOf = (kind: string, names: readonly string[]): string =>
  JSON.stringify({
    cdiVersion: "0.5.0",
    kind,
    devices: names.map((name) => ({ name, containerEdits: { env: ["A=1"] } })),
  })
const put = (name: string, kind: string, ...names: readonly string[]): void =>
  writeFileSync(at(name), textOf(kind, names))

const spec: MadeSpec = {
  kind: "v.com/gpu",
  deviceNames: ["0", "1", "all"],
  cdiVersion: "0.5.0",
  text: textOf("v.com/gpu", ["0", "1", "all"]),
  findings: [],
  hookPrograms: [],
}
const rivals = (file: string) => findRivals(spec, file, "yaml")
const conflict = (device: string, ...names: readonly [string, string]) =>
  fault("CdiDeviceConflict", { device, files: names.map(at) as [string, string] })

test("a file beside it that has one of the devices is a rival, and each is told of with the first of them", async () => {
  put("b.json", "v.com/gpu", "all", "1")
  put("c.json", "v.com/gpu", "7", "0")
  expect(await rivals(at("a.yaml"))).toEqual([
    conflict("v.com/gpu=all", "a.yaml", "b.json"),
    conflict("v.com/gpu=0", "a.yaml", "c.json"),
  ])
})

test.each<[what: string, name: string, kind: string, devices: readonly string[]]>([
  ["one of the kind with other devices", "b.json", "v.com/gpu", ["2", "3"]],
  ["one of another kind with the same devices", "b.json", "v.com/nic", ["0", "1"]],
  ["what it is to replace", "a.yaml", "v.com/gpu", ["0", "1"]],
  ["what engines do not read by its name", "a.yaml.previous", "v.com/gpu", ["0", "1"]],
])("%s is none", async (_what, name, kind, devices) => {
  put(name, kind, ...devices)
  expect(await rivals(at("a.yaml"))).toEqual([])
})

test("what no engine can read is none, and hides none", async () => {
  writeFileSync(at("b.json"), "{")
  expect(await rivals(at("a.yaml"))).toEqual([])
  put("c.json", "v.com/gpu", "0")
  expect(await rivals(at("a.yaml"))).toEqual([conflict("v.com/gpu=0", "a.yaml", "c.json")])
})

test("in a directory that is not there nobody is", async () => {
  expect(await rivals(at("none/a.yaml"))).toEqual([])
})

test("without an ending it is itself under that of its format, and a rival of the other", async () => {
  put("a.yaml", "v.com/gpu", "0")
  expect(await rivals(at("a"))).toEqual([])
  expect(await findRivals(spec, at("a"), "json")).toEqual([conflict("v.com/gpu=0", "a.json", "a.yaml")])
})

test("by a link to its directory it is itself too, and others are told of where they lie", async () => {
  put("a.yaml", "v.com/gpu", "0")
  const link = `${directory}-link`
  symlinkSync(directory, link)
  try {
    expect(await rivals(join(link, "a.yaml"))).toEqual([])
    expect(await rivals(join(link, "b.yaml"))).toEqual([
      fault("CdiDeviceConflict", { device: "v.com/gpu=0", files: [join(link, "b.yaml"), at("a.yaml")] }),
    ])
  } finally {
    rmSync(link)
  }
})

test("beside a rival nothing is written, and alone it is, in a directory that is made", async () => {
  put("b.json", "v.com/gpu", "1")
  expect(await writeWithoutConflict(spec, at("a"), "yaml")).toEqual(
    fail(conflict("v.com/gpu=1", "a.yaml", "b.json")),
  )
  expect(readdirSync(directory)).toEqual(["b.json"])
  expect(await writeWithoutConflict(spec, at("new/here/a"), "yaml")).toEqual(ok(at("new/here/a.yaml")))
  expect(readFileSync(at("new/here/a.yaml"), "utf8")).toBe(spec.text)
})

test("where no directory can be, that is told, and no rivals are looked for", async () => {
  put("b.json", "v.com/gpu", "1")
  expect(await writeWithoutConflict(spec, at("b.json/a.yaml"), "yaml")).toMatchObject({
    ok: false,
    fault: { tag: "CdiFileUnwritable" },
  })
  expect(existsSync(at("a.yaml"))).toBe(false)
})
