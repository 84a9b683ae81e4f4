import { describe, expect, test } from "bun:test"
import type { HookLink } from "../../../src/core/cdi/edits/toolkit-hooks.ts"
import { leaveUnsayable } from "../../../src/core/generate/leave-unsayable.ts"
import type { HookCall, SpecPart } from "../../../src/core/generate/part.ts"
import type { Edit } from "../../../src/core/plan/edit.ts"
import { containerPath, hostPath } from "../../../src/core/text/brand.ts"

/** As the Host port reads a name whose bytes are no UTF-8. */
const noText = "lib\udc95.so"
const reasons = ["specification"]
const mount = (from: string, to: string): Edit => ({
  kind: "mount",
  hostPath: hostPath(from),
  containerPath: containerPath(to),
  isOptional: false,
  options: [],
  reasons,
})
const node = (path: string, at: string): Edit => ({
  kind: "deviceNode",
  path: containerPath(path),
  hostPath: hostPath(at),
  major: 195,
  minor: 0,
  fileMode: 0o666,
  uid: 0,
  gid: 0,
  reasons,
})
const links = (...made: readonly HookLink[]): HookCall => ({ name: "create-symlinks", links: made })
const folders = (...named: readonly string[]): HookCall => ({ name: "update-ldcache", folders: named })

function left(part: Partial<SpecPart>): SpecPart & { readonly told: readonly string[] } {
  const told: string[] = []
  return { ...leaveUnsayable({ edits: [], hooks: [], ...part }, (what) => told.push(what)), told }
}

describe("what a specification cannot say is left out alone, and told of", () => {
  test.each<[what: string, edit: Edit, told: string]>([
    ["a file whose name is no text", mount(`/lib/${noText}`, "/lib/a.so"), `/lib/${noText} /lib/a.so`],
    ["its place in the container", mount("/lib/a.so", `/lib/${noText}`), `/lib/a.so /lib/${noText}`],
    ["a node", node(`/dev/${noText}`, "/dev/a"), `/dev/${noText} /dev/a`],
    ["a node's place on the machine", node("/dev/a", `/dev/${noText}`), `/dev/a /dev/${noText}`],
    ["a variable's value", { kind: "env", name: "A", value: noText, reasons }, noText],
  ])("%s", (_what, edit, told) => {
    const good = [mount("/lib/a,b::c.so", "/lib/a,b::c.so"), node("/dev/a", "/dev/a")]
    expect(left({ edits: [edit, ...good] })).toEqual({ edits: good, hooks: [], told: [told] })
  })
})

describe("what a hook would read as something else is left out alone, and told of", () => {
  const good = { path: "/lib/libcuda.so", target: "libcuda.so.1" }
  test.each<[what: string, link: HookLink]>([
    ["a comma, at which hooks split lists, in a link's name", { path: "/lib/a,b.so", target: "a" }],
    ["a comma in what it says", { path: "/lib/a.so", target: "a,b" }],
    ["two colons, at which hooks split links", { path: "/lib/a::b.so", target: "a" }],
    ["two colons in what it says", { path: "/lib/a.so", target: "a::b" }],
    ["a link that says nothing", { path: "/lib/a.so", target: "" }],
    ["a link's name that is no text", { path: `/lib/${noText}`, target: "a" }],
    ["a link that says no text", { path: "/lib/a.so", target: noText }],
  ])("%s", (_what, link) =>
    expect(left({ hooks: [links(link, good)] })).toEqual({
      edits: [],
      hooks: [links(good)],
      told: [link.path],
    }),
  )

  test.each([
    ["a comma", "/opt/a,b"],
    ["no text", `/opt/${noText}`],
    ["a line's end: the loader would read two directories", "/opt/a\n/opt/b"],
    ["a comment's beginning", "/opt/a#b"],
  ])("a directory of libraries with %s", (_what, folder) =>
    expect(left({ hooks: [folders(folder, "/usr/lib")] })).toEqual({
      edits: [],
      hooks: [folders("/usr/lib")],
      told: [folder],
    }),
  )

  test("one colon is a name like others", () => {
    const call = links({ path: "/dev/dri/by-path/pci-0000:05:00.0-card", target: "../card1" })
    expect(left({ hooks: [call] })).toEqual({ edits: [], hooks: [call], told: [] })
  })
})
