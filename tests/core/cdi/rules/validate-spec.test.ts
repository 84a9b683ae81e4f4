import { describe, expect, test } from "bun:test"
import { locateNowhere } from "../../../../src/core/cdi/read/spec-source.ts"
import { validateSpec } from "../../../../src/core/cdi/rules/validate-spec.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../../src/core/cdi/spec.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"
import { bareNode, bareRdt } from "../read/bare-parts.ts"

const device = { name: "a", annotations: new Map(), containerEdits: { ...noEdits, env: ["A=b"] } }
const valid: CdiSpec = {
  cdiVersion: "1.1.0",
  kind: "v.com/c",
  annotations: new Map(),
  devices: [device],
  containerEdits: noEdits,
}
const node = bareNode("/dev/a")
const hook = { hookName: "poststop", path: "/h", args: [], env: [], timeout: undefined }
const mount = { hostPath: "/a", containerPath: "/a", options: [], type: "" }

/** Each as `PLACE: PROBLEM`, without what remedies it. */
const problemsOf = (said: Partial<CdiSpec>): readonly string[] =>
  validateSpec({ ...valid, ...said }, locateNowhere("x")).map(
    (fault) => renderFaultLine(fault).split(/^x: | \[GAN/)[1] ?? "",
  )

describe("each rule that is broken, and where", () => {
  test("a valid specification breaks none", () => expect(problemsOf({})).toEqual([]))

  test.each<[what: string, said: Partial<CdiSpec>, problem: string]>([
    ["a version that there is not", { cdiVersion: "9" }, 'cdiVersion: invalid version "9"'],
    [
      "a version that is too low",
      { cdiVersion: "0.5.0", annotations: new Map([["a", "b"]]) },
      'cdiVersion: the spec version must be at least v0.6.0, and is "0.5.0": annotations in annotations',
    ],
    ["a kind without a class", { kind: "v" }, 'kind: invalid kind "v": invalid vendor. empty name'],
    [
      "a kind of three parts",
      { kind: "v/c/d" },
      'kind: invalid kind "v/c/d": invalid class. invalid character \'/\' in name "c/d"',
    ],
    ["no devices", { devices: [] }, "devices: invalid spec, no devices"],
    ["a device twice", { devices: [device, device] }, 'devices[1].name: invalid spec, multiple device "a"'],
    [
      "a device without a name",
      { devices: [device, { ...device, name: "" }] },
      "devices[1].name: invalid (empty) device name",
    ],
    [
      "a device whose name has a blank",
      { devices: [device, { ...device, name: "a b" }] },
      "devices[1].name: invalid character ' ' in device name \"a b\"",
    ],
    [
      "a device that gives nothing",
      { devices: [device, { ...device, name: "b", containerEdits: noEdits }] },
      'devices[1]: invalid device, empty device edits: "b"',
    ],
  ])("%s", (_, said, problem) => expect(problemsOf(said)).toEqual([problem]))

  test.each<[what: string, edits: Partial<ContainerEdits>, problems: readonly string[]]>([
    [
      "variables",
      { env: ["A=b", "A", "=b=c"] },
      ['env[1]: invalid environment variable "A"', 'env[2]: invalid environment variable "=b=c"'],
    ],
    [
      "nodes",
      {
        deviceNodes: [
          node,
          { ...node, path: "" },
          { ...node, major: -1 },
          { ...node, minor: -1 },
          { ...node, type: "cc" },
          { ...node, permissions: "nonerw" },
        ],
      },
      [
        "deviceNodes[1]: invalid (empty) device path",
        'deviceNodes[2]: device "/dev/a": invalid number -1:0',
        'deviceNodes[3]: device "/dev/a": invalid number 0:-1',
        'deviceNodes[4]: device "/dev/a": invalid type "cc"',
        'deviceNodes[5]: device "/dev/a": invalid permissions "nonerw"',
      ],
    ],
    [
      "hooks",
      { hooks: [hook, { ...hook, hookName: "a" }, { ...hook, path: "" }, { ...hook, env: ["A=b", "A"] }] },
      [
        'hooks[1]: invalid hook name "a"',
        'hooks[2]: invalid hook "poststop" with empty path',
        'hooks[3].env[1]: invalid environment variable "A"',
      ],
    ],
    [
      "mounts",
      { mounts: [mount, { ...mount, hostPath: "" }, { ...mount, hostPath: "", containerPath: "" }] },
      [
        "mounts[1]: invalid mount, empty host path",
        "mounts[2]: invalid mount, empty host path",
        "mounts[2]: invalid mount, empty container path",
      ],
    ],
    ["a class of RDT", { intelRdt: { ...bareRdt, closID: ".." } }, ["intelRdt.closID: invalid ClosID"]],
    [
      "interfaces",
      {
        netDevices: [
          { hostInterfaceName: "", name: "" },
          { hostInterfaceName: "a", name: "b" },
          { hostInterfaceName: "a", name: "b" },
        ],
      },
      [
        "netDevices[0]: invalid linux net device, empty HostInterfaceName",
        "netDevices[0]: invalid linux net device, empty Name",
        'netDevices[2]: invalid linux net device, duplicate HostInterfaceName "a"',
        'netDevices[2]: invalid linux net device, duplicate Name "b"',
      ],
    ],
  ])("%s, for every container and for those with a device", (_, edits, problems) => {
    const containerEdits = { ...noEdits, ...edits }
    expect(problemsOf({ containerEdits })).toEqual(problems.map((problem) => `containerEdits.${problem}`))
    expect(problemsOf({ devices: [device, { ...device, name: "b", containerEdits }] })).toEqual(
      problems.map((problem) => `devices[1].containerEdits.${problem}`),
    )
  })
})
