import { expect, test } from "bun:test"
import { locateNowhere } from "../../../../src/core/cdi/read/spec-source.ts"
import { adviseSpec } from "../../../../src/core/cdi/rules/advise-spec.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../../src/core/cdi/spec.ts"
import { bareNode } from "../read/bare-parts.ts"

const limit = 256 * 1024

/** What is said of annotations whose values together are so long. */
function adviceFor(value: string, count: number): readonly string[] {
  const spec: CdiSpec = {
    cdiVersion: "0.6.0",
    kind: "vendor.com/class",
    containerEdits: noEdits,
    annotations: new Map(Array.from({ length: count }, (_, index) => [`${index}`, value])),
    devices: [{ name: "a", annotations: new Map(), containerEdits: { ...noEdits, env: ["A=b"] } }],
  }
  return adviseSpec(spec, locateNowhere("made")).map(({ fault }) => fault.data.problem)
}

// A letter of a key each.
test.each([
  ["ASCII", "a".repeat(limit / 2 - 1), 2, []],
  ["ASCII, one more", `${"a".repeat(limit / 2 - 1)}a`, 2, [`annotations of more than ${limit} bytes`]],
  ["two bytes each", "é".repeat(limit / 4 - 1), 2, []],
  ["two bytes each, one more", "é".repeat(limit / 4), 2, [`annotations of more than ${limit} bytes`]],
  ["three times 140,000 bytes", "é".repeat(70_000), 3, [`annotations of more than ${limit} bytes`]],
  ["four bytes each", "😀".repeat(limit / 4), 1, [`annotations of more than ${limit} bytes`]],
])("the length of annotations is counted in bytes: %s", (_, value, count, problems) => {
  expect(adviceFor(value, count)).toEqual(problems)
})

const device = { name: "a", annotations: new Map(), containerEdits: { ...noEdits, env: ["A=b"] } }

/** Each as `PLACE: PROBLEM; ADVICE`, behind `fatal` where no container with it starts. */
function adviceOf(said: Partial<CdiSpec>): readonly string[] {
  const spec: CdiSpec = {
    cdiVersion: "1.1.0",
    kind: "v-d.com/gpu",
    annotations: new Map(),
    devices: [device],
    containerEdits: noEdits,
    ...said,
  }
  return adviseSpec(spec, locateNowhere("made")).map(({ severity, fault: { data }, evidence }) => {
    expect([severity, ...evidence]).toEqual(["warning"])
    const { place, problem, advice, isFatal } = data
    return `${isFatal ? "fatal " : ""}${place.path}: ${problem}; ${advice}`
  })
}

const node = bareNode("/dev/a")
const hook = { hookName: "poststop", path: "/h", args: [], env: [], timeout: 1 }
const mount = { hostPath: "/a", containerPath: "/a", options: [], type: "" }
/** A name of a domain with so many characters. */
const domain = (length: number): string => `${"a".repeat(49)}.`.repeat(5) + "a".repeat(length - 250)
const qualified = "write name or domain/name, the name of 63 letters, digits, -, _ and . at most"
const dns = "name a domain of yours: letters, digits and -, parts of 63 characters at most, 253 together"

test.each<[said: Partial<CdiSpec>, advice: readonly string[]]>([
  [{ cdiVersion: "v1.1.0" }, ['cdiVersion: cdiVersion "v1.1.0" is not a semantic version; write 1.1.0']],
  [{ kind: `${domain(253)}/gpu` }, []],
  [{ kind: `${domain(254)}/gpu` }, [`kind: the vendor "${domain(254)}" is not a DNS subdomain; ${dns}`]],
  [{ kind: "v-.com/gpu" }, [`kind: the vendor "v-.com" is not a DNS subdomain; ${dns}`]],
  [
    { kind: `${"a".repeat(64)}.b/gpu` },
    [`kind: the vendor "${"a".repeat(64)}.b" is not a DNS subdomain; ${dns}`],
  ],
  [{ kind: `v.com/${"a".repeat(63)}` }, []],
  [{ kind: `v.com/${"a".repeat(64)}` }, ["kind: the class is longer than 63 characters; shorten it"]],
  [
    { kind: "v/c" },
    ["v", "c"].map(
      (name) =>
        `fatal kind: the name "${name}" has one letter; engines with CDI 1.1.0 and older crash on it: give it a second`,
    ),
  ],
  [
    {
      cdiVersion: "0.3.0",
      devices: [{ ...device, containerEdits: { ...noEdits, mounts: [{ ...mount, type: "bind" }] } }, device],
    },
    [
      'devices[0].containerEdits.mounts[0].type: cdiVersion "0.3.0" has no type of a mount, which engines overlook in all devices but the last; set cdiVersion to 0.4.0, which they know',
    ],
  ],
])("what is said of %j", (said, advice) => expect(adviceOf(said)).toEqual(advice))

test("a version that there is not has been told, and is not advised on", () =>
  expect(adviceOf({ cdiVersion: "9", annotations: new Map([["a", "b"]]) })).toEqual([]))

test.each<[key: string, isQualified: boolean]>([
  ["a", true],
  ["a.b-c_d", true],
  ["a".repeat(63), true],
  ["a".repeat(64), false],
  [`${domain(253)}/a`, true],
  [`${domain(254)}/a`, false],
  ["a-b.c/d", true],
  ["a_b.c/d", false],
  ["a/b/c", false],
  ["a/", false],
  ["/a", false],
  ["a b/c", false],
])("the annotation %p, of all and of a device", (key, isQualified) => {
  const annotations = new Map([[key, ""]])
  const advice = (path: string): readonly string[] =>
    isQualified
      ? []
      : [`${path}.${key}: the annotation ${JSON.stringify(key)} is not a qualified name; ${qualified}`]
  expect(adviceOf({ annotations })).toEqual(advice("annotations"))
  expect(adviceOf({ devices: [device, { ...device, annotations }] })).toEqual(
    advice("devices[1].annotations"),
  )
})

test("what is said of annotations that are too long", () =>
  expect(adviceOf({ annotations: new Map([["a", "b".repeat(limit)]]) })).toEqual([
    `annotations: annotations of more than ${limit} bytes; keep such data in a file of its own`,
  ]))

const absolute = "is not absolute; write it from / on"

test.each<[edits: Partial<ContainerEdits>, advice: readonly string[]]>([
  [
    { deviceNodes: [node, { ...node, path: "dev/a" }, { ...node, hostPath: "dev/b" }] },
    [
      `deviceNodes[1].path: the device path "dev/a" ${absolute}`,
      `deviceNodes[2].hostPath: the device hostPath "dev/b" ${absolute}`,
    ],
  ],
  [
    { deviceNodes: [{ ...node, permissions: "none" }] },
    [
      'fatal deviceNodes[0].permissions: permissions "none" need a version above 1.1.0; engines refuse the whole file for it, or runc the container; leave the node out of the cgroup otherwise',
    ],
  ],
  [{ hooks: [hook, { ...hook, timeout: undefined }] }, []],
  [{ hooks: [hook, { ...hook, path: "h" }] }, [`fatal hooks[1].path: the hook path "h" ${absolute}`]],
  [
    { hooks: [{ ...hook, timeout: 0 }] },
    [
      "fatal hooks[0].timeout: a hook's timeout must be greater than zero, and is 0; leave it out where there is no limit",
    ],
  ],
  [
    { hooks: [{ ...hook, hookName: "prestart" }] },
    [
      "hooks[0].hookName: prestart is not a hook of the CDI specification, and is deprecated in that of runtimes; use createRuntime, or createContainer for what is done in the container's namespaces",
    ],
  ],
  [
    {
      mounts: [
        { ...mount, hostPath: "a" },
        { ...mount, containerPath: "a" },
      ],
    },
    [
      `fatal mounts[0].hostPath: the mount hostPath "a" ${absolute}`,
      `mounts[1].containerPath: the mount containerPath "a" ${absolute}`,
    ],
  ],
  // The source of a tmpfs is any word.
  [{ mounts: [{ ...mount, hostPath: "a", type: "tmpfs" }] }, []],
])("what is said of %j, for every container and for those with a device", (edits, advice) => {
  const containerEdits = { ...noEdits, ...edits }
  expect(adviceOf({ containerEdits })).toEqual(advice.map((one) => placed(one, "containerEdits.")))
  expect(adviceOf({ devices: [device, { ...device, containerEdits }] })).toEqual(
    advice.map((one) => placed(one, "devices[1].containerEdits.")),
  )
})

const placed = (advice: string, path: string): string => advice.replace(/^(?:fatal )?/, `$&${path}`)
