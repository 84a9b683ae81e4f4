import { describe, expect, test } from "bun:test"
import type { ContainerEdits, DeviceNode } from "../../../src/core/cdi/spec.ts"
import type { NodeStyle } from "../../../src/core/generate/spec-request.ts"
import { writeEdits } from "../../../src/core/generate/write-edits.ts"
import type { DeviceNodeEdit, Edit, MountOption } from "../../../src/core/plan/edit.ts"
import { containerPath, hostPath } from "../../../src/core/text/brand.ts"

const reasons = ["specification"]
const ours: NodeStyle = { numbers: "left", rights: "written", owners: "machine" }
const write = (edit: Edit, nodes: Partial<NodeStyle> = {}, hasGroups = true): ContainerEdits =>
  writeEdits([edit], { nodes: { ...ours, ...nodes }, hasGroups })

const card: DeviceNodeEdit = {
  kind: "deviceNode",
  path: containerPath("/dev/dri/card1"),
  hostPath: hostPath("/dev/dri/card1"),
  major: 226,
  minor: 1,
  fileMode: 0o660,
  uid: 0,
  gid: 44,
  reasons,
}

describe("a node of the machine", () => {
  const nodeOf = (style: Partial<NodeStyle>, edit: Partial<DeviceNodeEdit> = {}): Partial<DeviceNode> =>
    write({ ...card, ...edit }, style).deviceNodes[0] ?? {}

  test("has its numbers only where these are wanted: both, or what cannot grow stale", () => {
    expect(nodeOf({ numbers: "written" })).toMatchObject({ major: 226, minor: 1 })
    expect(nodeOf({ numbers: "left" })).toMatchObject({ major: 0, minor: 0 })
  })

  test("has mode and permissions together, or the engine's", () => {
    expect(nodeOf({ rights: "written" })).toMatchObject({ fileMode: 0o660, permissions: "rwm" })
    expect(nodeOf({ rights: "left" })).toMatchObject({ fileMode: undefined, permissions: "" })
  })

  test("stays its owner's on the machine, root's and groups' alike", () => {
    expect(nodeOf({ owners: "machine" })).toMatchObject({ uid: 0, gid: 44 })
    expect(nodeOf({ owners: "machine" }, { gid: 0 })).toMatchObject({ uid: 0, gid: 0 })
  })

  test("is the container's user's in the reference's style, but for the group that its mode is for", () => {
    expect(nodeOf({ owners: "container" })).toMatchObject({ uid: undefined, gid: 44 })
    expect(nodeOf({ owners: "container" }, { gid: 0 })).toMatchObject({ uid: undefined, gid: undefined })
    expect(nodeOf({ owners: "container", rights: "left" })).toMatchObject({ uid: undefined, gid: undefined })
  })

  test("has its place on the machine only where that is another", () => {
    expect(nodeOf({})).toMatchObject({ path: "/dev/dri/card1", hostPath: "" })
    expect(nodeOf({}, { hostPath: hostPath("/drv/dev/dri/card1") })).toMatchObject({
      path: "/dev/dri/card1",
      hostPath: "/drv/dev/dri/card1",
    })
  })
})

test("a variable is written as processes have it", () =>
  expect(write({ kind: "env", name: "A", value: "b=c", reasons }).env).toEqual(["A=b=c"]))

test("groups are given to who can read them", () => {
  const group: Edit = { kind: "gid", gid: 44, reasons }
  expect(write(group, {}, true).additionalGids).toEqual([44])
  expect(write(group, {}, false).additionalGids).toEqual([])
})

test.each<[options: readonly MountOption[], written: readonly string[]]>([
  [
    ["ro", "nosuid", "nodev"],
    ["ro", "nosuid", "nodev", "rbind", "rprivate"],
  ],
  [
    ["nosuid", "nodev", "noexec"],
    ["nosuid", "nodev", "rbind", "rprivate", "noexec"],
  ],
])("a mount with %j is a bind that nothing of the container's gets out of: %j", (options, written) => {
  const path = "/usr/lib/libcuda.so.1"
  const edit: Edit = {
    kind: "mount",
    hostPath: hostPath(`/drv${path}`),
    containerPath: containerPath(path),
    isOptional: false,
    options,
    reasons,
  }
  expect(write(edit).mounts).toEqual([
    { hostPath: `/drv${path}`, containerPath: path, options: written, type: "" },
  ])
})
