/** A specification as plain data: what is in it, in which order, and what is left out. */

import { expect, test } from "bun:test"
import { isOutlineMap, type Outline, outlineEdits, outlineSpec } from "../../../src/core/cdi/outline-spec.ts"
import { type CdiSpec, type ContainerEdits, type DeviceNode, noEdits } from "../../../src/core/cdi/spec.ts"
import { bareNode, bareRdt } from "./read/bare-parts.ts"

/** A map as its pairs, in their order. */
const plain = (outline: Outline): unknown => {
  if (isOutlineMap(outline)) return outline.members.map(([name, value]) => [name, plain(value)])
  return Array.isArray(outline) ? outline.map(plain) : outline
}
const edits = (some: Partial<ContainerEdits>) => plain(outlineEdits({ ...noEdits, ...some }))
const device = (name: string, containerEdits: ContainerEdits = noEdits) => ({
  name,
  annotations: new Map<string, string>(),
  containerEdits,
})
const spec = (some: Partial<CdiSpec>): CdiSpec => ({
  cdiVersion: "0.5.0",
  kind: "v.com/c",
  annotations: new Map(),
  devices: [],
  containerEdits: noEdits,
  ...some,
})

test("what means nothing is left out, and not what is asked for by being there", () => {
  expect(plain(outlineSpec(spec({ devices: [device("0")] })))).toEqual([
    ["cdiVersion", "0.5.0"],
    ["kind", "v.com/c"],
    [
      "devices",
      [
        [
          ["name", "0"],
          ["containerEdits", []],
        ],
      ],
    ],
  ])
  expect(edits({})).toEqual([])
  expect(edits({ deviceNodes: [bareNode("/dev/a")] })).toEqual([["deviceNodes", [[["path", "/dev/a"]]]]])
  expect(edits({ deviceNodes: [{ ...bareNode("/dev/a"), fileMode: 0, uid: 0, gid: 0 }] })).toEqual([
    [
      "deviceNodes",
      [
        [
          ["path", "/dev/a"],
          ["fileMode", 0],
          ["uid", 0],
          ["gid", 0],
        ],
      ],
    ],
  ])
  const hook = { hookName: "poststop", path: "/h", args: [], env: [], timeout: undefined }
  expect(edits({ hooks: [hook, { ...hook, timeout: 0 }] })).toEqual([
    [
      "hooks",
      [
        [
          ["hookName", "poststop"],
          ["path", "/h"],
        ],
        [
          ["hookName", "poststop"],
          ["path", "/h"],
          ["timeout", 0],
        ],
      ],
    ],
  ])
  expect(edits({ mounts: [{ hostPath: "/a", containerPath: "/b", options: [], type: "" }] })).toEqual([
    [
      "mounts",
      [
        [
          ["hostPath", "/a"],
          ["containerPath", "/b"],
        ],
      ],
    ],
  ])
  expect(edits({ intelRdt: { ...bareRdt, closID: "" } })).toEqual([["intelRdt", []]])
  expect(edits({ intelRdt: { ...bareRdt, schemata: [] } })).toEqual([
    [
      "intelRdt",
      [
        ["closID", "a"],
        ["schemata", []],
      ],
    ],
  ])
})

test("fields stand in the order of the released Go types, annotations by name, and lists as they are", () => {
  const annotations = new Map([
    ["b", "1"],
    ["10", "2"],
    ["9", "3"],
    ["__proto__", "4"],
  ])
  const sorted = [
    ["10", "2"],
    ["9", "3"],
    ["__proto__", "4"],
    ["b", "1"],
  ]
  const node: DeviceNode = {
    path: "/dev/a",
    hostPath: "/dev/b",
    type: "c",
    major: 195,
    minor: 1,
    fileMode: 0o660,
    permissions: "rw",
    uid: 1,
    gid: 44,
  }
  const rdt = {
    closID: "a",
    l3CacheSchema: "L3:0=f",
    memBwSchema: "MB:0=20",
    schemata: ["b", "a"],
    enableMonitoring: true,
  }
  const all: ContainerEdits = {
    env: ["B=1", "A=1"],
    deviceNodes: [node],
    netDevices: [{ hostInterfaceName: "eth1", name: "a" }],
    hooks: [{ hookName: "poststop", path: "/h", args: ["h", "b", "a"], env: ["B=1", "A=1"], timeout: 3 }],
    mounts: [{ hostPath: "/a", containerPath: "/b", options: ["ro", "bind"], type: "bind" }],
    intelRdt: rdt,
    additionalGids: [45, 44],
  }
  const written = [
    ["env", ["B=1", "A=1"]],
    ["deviceNodes", [Object.entries(node)]],
    [
      "netDevices",
      [
        [
          ["hostInterfaceName", "eth1"],
          ["name", "a"],
        ],
      ],
    ],
    ["hooks", [Object.entries(all.hooks[0] ?? {})]],
    ["mounts", [Object.entries(all.mounts[0] ?? {})]],
    ["intelRdt", Object.entries(rdt)],
    ["additionalGids", [45, 44]],
  ]
  const whole = spec({ annotations, devices: [{ ...device("b", all), annotations }], containerEdits: all })
  expect(plain(outlineSpec(whole))).toEqual([
    ["cdiVersion", "0.5.0"],
    ["kind", "v.com/c"],
    ["annotations", sorted],
    [
      "devices",
      [
        [
          ["name", "b"],
          ["annotations", sorted],
          ["containerEdits", written],
        ],
      ],
    ],
    ["containerEdits", written],
  ])
})

test("what devices share is worked out once: their edits, and nodes of the device that is all of them", () => {
  const node = bareNode("/dev/a")
  const one: ContainerEdits = { ...noEdits, deviceNodes: [node] }
  const devices = [device("0", one), device("gpu0", one), device("all", { ...one, env: ["A=1"] })]
  const outline = outlineSpec(spec({ devices }))
  const memberOf = (whole: Outline | undefined, name: string): Outline | undefined =>
    whole !== undefined && isOutlineMap(whole)
      ? whole.members.find(([member]) => member === name)?.[1]
      : undefined
  const list = (memberOf(outline, "devices") ?? []) as readonly Outline[]
  const [first, second, third] = list.map((item) => memberOf(item, "containerEdits"))
  expect(first).toBeDefined()
  expect(second).toBe(first as Outline)
  const nodeOf = (whole: Outline | undefined) => (memberOf(whole, "deviceNodes") as readonly Outline[])[0]
  expect(third).not.toBe(first as Outline)
  expect(nodeOf(third)).toBe(nodeOf(first) as Outline)
})
