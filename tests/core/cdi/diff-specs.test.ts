import { describe, expect, test } from "bun:test"
import { diffSpecs } from "../../../src/core/cdi/diff-specs.ts"
import { applyEdits } from "../../../src/core/cdi/edits/apply-edits.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { bareNode, bareRdt } from "./read/bare-parts.ts"

const specOf = (edits: Partial<ContainerEdits>): CdiSpec => ({
  cdiVersion: "0.5.0",
  kind: "v.com/c",
  annotations: new Map(),
  devices: [],
  containerEdits: { ...noEdits, ...edits },
})
const hook = (path: string, hookName = "createContainer") => ({
  hookName,
  path,
  args: [],
  env: ["A=b"],
  timeout: undefined,
})
const mount = (hostPath: string, containerPath: string) => ({
  hostPath,
  containerPath,
  options: ["rbind"],
  type: "",
})
const netDevice = (name: string) => ({ hostInterfaceName: name, name })
const node = (path: string, hostPath = "") => ({ ...bareNode(path), hostPath })

test("what is gone and what is new, field by field", () => {
  const edits: ContainerEdits = { ...noEdits, mounts: [mount("/a", "/a"), mount("/b", "/b")] }
  const device = { name: "a", annotations: new Map(), containerEdits: edits }
  const before: CdiSpec = { ...specOf({}), devices: [device] }
  const after: CdiSpec = {
    ...before,
    cdiVersion: "0.6.0",
    kind: "v.com/d",
    containerEdits: { ...noEdits, env: ["SHARED=1"] },
    annotations: new Map([
      ["c", "d"],
      ["a", "b"],
    ]),
    devices: [
      {
        ...device,
        annotations: new Map([["e", "f"]]),
        containerEdits: { ...edits, mounts: edits.mounts.slice(1), env: ["A=b"] },
      },
      { ...device, name: "b" },
    ],
  }
  const lines = (one: CdiSpec, other: CdiSpec): readonly string[] =>
    diffSpecs(one, other).map(({ where, field, change, what }) => `${where} ${field} ${change} ${what}`)
  expect(lines(before, after)).toEqual([
    "cdiVersion  removed 0.5.0",
    "cdiVersion  added 0.6.0",
    "kind  removed v.com/c",
    "kind  added v.com/d",
    "annotations  added a: b",
    "annotations  added c: d",
    "containerEdits env added SHARED=1",
    "device a annotations added e: f",
    'device a mounts removed {"hostPath":"/a","containerPath":"/a","options":["rbind"]}',
    "device a env added A=b",
    "device b  added ",
  ])
  expect(lines(after, before)).toEqual([
    "cdiVersion  removed 0.6.0",
    "cdiVersion  added 0.5.0",
    "kind  removed v.com/d",
    "kind  added v.com/c",
    "annotations  removed a: b",
    "annotations  removed c: d",
    "containerEdits env removed SHARED=1",
    "device a annotations removed e: f",
    "device a env removed A=b",
    'device a mounts added {"hostPath":"/a","containerPath":"/a","options":["rbind"]}',
    "device b  removed ",
  ])
})

/** From the first to the second, and whether they are the same for a container. */
describe("the same items in another order", () => {
  test.each<
    [what: string, edits: readonly [Partial<ContainerEdits>, Partial<ContainerEdits>], isSame: boolean]
  >([
    ["variables", [{ env: ["A=1", "B=2"] }, { env: ["B=2", "A=1"] }], true],
    [
      "a variable beside one that stands twice",
      [{ env: ["A=1", "A=2", "B=2"] }, { env: ["B=2", "A=1", "A=2"] }],
      true,
    ],
    [
      "what a later one replaces in any case",
      [{ env: ["A=1", "A=2", "A=3"] }, { env: ["A=2", "A=1", "A=3"] }],
      true,
    ],
    ["a variable twice, of which the last wins", [{ env: ["A=1", "A=2"] }, { env: ["A=2", "A=1"] }], false],
    [
      "a variable twice, whose value has an equals sign",
      [{ env: ["A=b=1", "A=c=2"] }, { env: ["A=c=2", "A=b=1"] }],
      false,
    ],
    [
      "hooks ahead of one that stays the last",
      [{ hooks: [hook("/a"), hook("/b"), hook("/c")] }, { hooks: [hook("/b"), hook("/a"), hook("/c")] }],
      false,
    ],
    ["hooks", [{ hooks: [hook("/a"), hook("/b")] }, { hooks: [hook("/b"), hook("/a")] }], false],
    [
      "hooks of other times",
      [{ hooks: [hook("/a"), hook("/b", "poststop")] }, { hooks: [hook("/b", "poststop"), hook("/a")] }],
      true,
    ],
    [
      "nodes in one place",
      [
        { deviceNodes: [node("/dev/x", "/dev/null"), node("/dev//x", "/dev/zero")] },
        { deviceNodes: [node("/dev//x", "/dev/zero"), node("/dev/x", "/dev/null")] },
      ],
      false,
    ],
    ["nodes", [{ deviceNodes: [node("/a"), node("/b")] }, { deviceNodes: [node("/b"), node("/a")] }], true],
    [
      "mounts",
      [
        { mounts: [mount("/a", "/a"), mount("/b", "/b")] },
        { mounts: [mount("/b", "/b"), mount("/a", "/a")] },
      ],
      true,
    ],
    [
      "mounts in one place",
      [
        { mounts: [mount("/a", "/x"), mount("/b", "/x/")] },
        { mounts: [mount("/b", "/x/"), mount("/a", "/x")] },
      ],
      false,
    ],
    [
      "network interfaces",
      [
        { netDevices: [netDevice("eth0"), netDevice("eth1")] },
        { netDevices: [netDevice("eth1"), netDevice("eth0")] },
      ],
      true,
    ],
    ["groups", [{ additionalGids: [44, 45] }, { additionalGids: [45, 44] }], true],
    [
      "a mount within another, since all are sorted by depth",
      [
        { mounts: [mount("/a", "/x"), mount("/b", "/x/y")] },
        { mounts: [mount("/b", "/x/y"), mount("/a", "/x")] },
      ],
      true,
    ],
  ])("%s", (_, [one, other], isSame) => {
    const changes = diffSpecs(specOf(one), specOf(other))
    expect(changes.length === 0).toBe(isSame)
    expect(
      changes
        .filter(({ change }) => change === "removed")
        .map(({ what }) => what)
        .sort(),
    ).toEqual(
      changes
        .filter(({ change }) => change === "added")
        .map(({ what }) => what)
        .sort(),
    )
    expect(diffSpecs(specOf(one), specOf(one))).toEqual([])
  })
})

test("what stands elsewhere is told with its place, and not what stands where it stood", () => {
  const hooks = (...paths: readonly string[]) => specOf({ hooks: paths.map((path) => hook(path)) })
  const told = diffSpecs(hooks("/a", "/b", "/c"), hooks("/b", "/a", "/c"))
  const what = (path: string): string => `{"hookName":"createContainer","path":"${path}","env":["A=b"]}`
  expect(told).toEqual([
    { where: "containerEdits", field: "hooks", change: "removed", what: what("/a") },
    { where: "containerEdits", field: "hooks", change: "removed", what: what("/b") },
    { where: "containerEdits", field: "hooks", change: "added", what: what("/b") },
    { where: "containerEdits", field: "hooks", change: "added", what: what("/a") },
  ])
})

test("what is in one alone is told, and not that the others moved", () => {
  const changes = diffSpecs(specOf({ hooks: [hook("/a"), hook("/b")] }), specOf({ hooks: [hook("/b")] }))
  expect(changes.map(({ change, field }) => `${change} ${field}`)).toEqual(["removed hooks"])
})

test.each<[what: string, edits: (count: number) => Partial<ContainerEdits>]>([
  ["variables", (count) => ({ env: Array.from({ length: count }, () => "A=b") })],
  ["mounts", (count) => ({ mounts: Array.from({ length: count }, () => mount("/a", "/a")) })],
  ["hooks", (count) => ({ hooks: Array.from({ length: count }, () => hook("/a")) })],
])("%s that stand more often in one are told as often as that", (_, edits) => {
  const changesOf = (one: number, other: number): readonly string[] =>
    diffSpecs(specOf(edits(one)), specOf(edits(other))).map(({ change }) => change)
  expect(changesOf(4, 2)).toEqual(["removed", "removed"])
  expect(changesOf(1, 2)).toEqual(["added"])
  expect(changesOf(3, 3)).toEqual([])
})

/** What applying sets in where a specification is silent: apply-edits.ts. */
describe("values that are left out and those that are meant", () => {
  const x = node("/dev/x")
  test.each<[what: string, one: Partial<ContainerEdits>, other: Partial<ContainerEdits>, isSame: boolean]>([
    [
      "the host's path of a node, and all rights",
      { deviceNodes: [{ ...x, permissions: "rwm" }] },
      { deviceNodes: [{ ...x, hostPath: "/dev/x" }] },
      true,
    ],
    [
      "rights in another order",
      { deviceNodes: [{ ...x, permissions: "wr" }] },
      { deviceNodes: [{ ...x, permissions: "rw" }] },
      true,
    ],
    [
      "rights to read alone",
      { deviceNodes: [{ ...x, permissions: "r" }] },
      { deviceNodes: [{ ...x, permissions: "" }] },
      false,
    ],
    [
      "rights without reading",
      { deviceNodes: [{ ...x, permissions: "wm" }] },
      { deviceNodes: [{ ...x, permissions: "rwm" }] },
      false,
    ],
    [
      "rights without writing",
      { deviceNodes: [{ ...x, permissions: "rm" }] },
      { deviceNodes: [{ ...x, permissions: "rwm" }] },
      false,
    ],
    [
      "rights without making nodes",
      { deviceNodes: [{ ...x, permissions: "rw" }] },
      { deviceNodes: [{ ...x, permissions: "rwm" }] },
      false,
    ],
    [
      "no rights at all",
      { deviceNodes: [{ ...x, permissions: "none" }] },
      { deviceNodes: [{ ...x, permissions: "" }] },
      false,
    ],
    [
      "another node of the host",
      { deviceNodes: [{ ...x, hostPath: "/dev/y" }] },
      { deviceNodes: [x] },
      false,
    ],
    ["a minor without a major", { deviceNodes: [{ ...x, minor: 3 }] }, { deviceNodes: [x] }, true],
    [
      "a minor of a FIFO, which is written though it means nothing",
      { deviceNodes: [{ ...x, type: "p", minor: 3 }] },
      { deviceNodes: [{ ...x, type: "p" }] },
      false,
    ],
    [
      "a minor with a major",
      { deviceNodes: [{ ...x, major: 1, minor: 3 }] },
      { deviceNodes: [{ ...x, major: 1 }] },
      false,
    ],
    [
      "root's user, where it may be the container's",
      { deviceNodes: [{ ...x, uid: 0 }] },
      { deviceNodes: [x] },
      false,
    ],
    [
      "nodes in one place in another order, of which the last is the same",
      {
        deviceNodes: [
          { ...x, permissions: "r" },
          { ...x, permissions: "rwm" },
          { ...x, permissions: "w" },
        ],
      },
      { deviceNodes: [x, { ...x, permissions: "r" }, { ...x, permissions: "w" }] },
      true,
    ],
    [
      "nodes in one place in another order, of which the last is another",
      {
        deviceNodes: [
          { ...x, permissions: "r" },
          { ...x, permissions: "rwm" },
        ],
      },
      { deviceNodes: [x, { ...x, permissions: "r" }] },
      false,
    ],
    ["root's group, and one twice", { additionalGids: [0, 44, 44] }, { additionalGids: [44] }, true],
    ["root's group alone", { additionalGids: [0] }, {}, true],
    ["another group", { additionalGids: [44] }, { additionalGids: [45] }, false],
    ["no schemata", { intelRdt: { ...bareRdt, schemata: [] } }, { intelRdt: bareRdt }, true],
    [
      "other schemata",
      { intelRdt: { ...bareRdt, schemata: ["L3:0=f"] } },
      { intelRdt: { ...bareRdt, schemata: ["L3:0=ff"] } },
      false,
    ],
    [
      "another class of RDT",
      { intelRdt: { ...bareRdt, closID: "a" } },
      { intelRdt: { ...bareRdt, closID: "b" } },
      false,
    ],
    ["an intelRdt without fields", { intelRdt: { ...bareRdt, closID: "" } }, {}, false],
  ])("%s", (_, one, other, isSame) => {
    const findNode = () => ({ type: "c" as const, major: 9, minor: 9, fileMode: 0o600 })
    const apply = (edits: Partial<ContainerEdits>): unknown => {
      const options = { findHostNode: findNode, bindOwners: "kept" as const, hookEnvironment: [] }
      const applied = applyEdits('{"process":{"user":{"uid":7,"gid":7}}}', { ...noEdits, ...edits }, options)
      return applied.ok ? JSON.parse(applied.value.replaceAll('"wr"', '"rw"')) : applied.fault
    }
    expect(diffSpecs(specOf(one), specOf(other)).length === 0).toBe(isSame)
    expect(diffSpecs(specOf(other), specOf(one)).length === 0).toBe(isSame)
    // Of nodes in one place the cgroup has all rules, in whatever order.
    if (isSame && (one.deviceNodes ?? []).length < 2) expect(apply(one)).toEqual(apply(other))
  })

  test("a difference is told as it is written", () => {
    const changes = diffSpecs(
      specOf({ deviceNodes: [{ ...x, permissions: "wr" }] }),
      specOf({ deviceNodes: [x] }),
    )
    expect(changes.map(({ what }) => what)).toEqual([
      '{"path":"/dev/x","permissions":"wr"}',
      '{"path":"/dev/x"}',
    ])
  })
})
