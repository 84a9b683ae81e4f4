import { describe, expect, test } from "bun:test"
import { mapEdits } from "../../../src/core/cdi/edits/map-edits.ts"
import { allEdits, type CdiSpec, type DeviceNode } from "../../../src/core/cdi/spec.ts"
import { generateVendorSpec } from "../../../src/core/vendor/generate-vendor-spec.ts"
import type { VendorName } from "../../../src/core/vendor/vendor-names.ts"
import { generateVendorSpecLike } from "../../../src/core/vendor/vendor-spec-like.ts"
import { type VendorMachine, vendorMachine } from "./vendor-machine.ts"

function specOf(vendor: VendorName, machine: VendorMachine, hasGroups = true): CdiSpec {
  const made = generateVendorSpec(vendor, vendorMachine(machine), { hasGroups })
  if (!made.ok) throw new Error(made.fault.tag)
  return made.value.spec
}

function likeOf(vendor: VendorName, machine: VendorMachine, like: CdiSpec): CdiSpec {
  const made = generateVendorSpecLike(vendor, vendorMachine(machine), like)
  if (!made.ok) throw new Error(made.fault.tag)
  return made.value.spec
}

const withNodes = (spec: CdiSpec, change: (node: DeviceNode) => Partial<DeviceNode>): CdiSpec =>
  mapEdits(spec, (edits) => ({
    ...edits,
    deviceNodes: edits.deviceNodes.map((node): DeviceNode => Object.assign({}, node, change(node))),
  }))
const namesOf = ({ devices }: CdiSpec): readonly string[] => devices.map(({ name }) => name)
const only = (spec: CdiSpec, ...names: readonly string[]): CdiSpec => ({
  ...spec,
  devices: spec.devices.filter(({ name }) => names.includes(name)),
})
const nodesOf = (spec: CdiSpec): readonly DeviceNode[] => allEdits(spec).flatMap((edits) => edits.deviceNodes)

const intel: VendorMachine = { intel: ["flex170:2"] }
/** The same two GPUs after something else came before them: every number is another. */
const moved: VendorMachine = { ...intel, drmBefore: 3 }

describe("a vendor's specification in the style of one that is there", () => {
  test("of the same machine is the same, and of the machine as it is now what would be made now", () => {
    for (const machine of [intel, moved])
      expect(likeOf("intel", machine, specOf("intel", intel))).toEqual(specOf("intel", machine))
  })

  test("has groups where that has some, be it one", () => {
    const one = mapEdits(specOf("intel", intel), (edits) => ({
      ...edits,
      additionalGids: edits.additionalGids.slice(0, 1),
    }))
    expect(likeOf("intel", moved, only(one, "0"))).toEqual(only(specOf("intel", moved), "0", "1"))

    const without = specOf("intel", intel, false)
    expect(likeOf("intel", moved, without)).toEqual(specOf("intel", moved, false))
  })

  test("has the kinds of names that that has, of every GPU that there is now", () => {
    const like = only(specOf("intel", { intel: ["flex170"] }), "0", "all")
    expect(namesOf(likeOf("intel", intel, like))).toEqual(["0", "1", "all"])
    expect(namesOf(likeOf("intel", intel, only(like, "0")))).toEqual(["0", "1"])
    expect(namesOf(likeOf("intel", { intel: ["flex170"] }, only(like, "0")))).toEqual(["0"])
  })

  test("has each GPU under the name of its card now, where that has such names", () => {
    const [first] = only(specOf("intel", intel), "0").devices
    if (first === undefined) throw new Error("no device")
    const like = { ...specOf("intel", intel), devices: [{ ...first, name: "card1" }] }
    const made = likeOf("intel", moved, like)
    expect(made.devices).toEqual(
      ["card4", "card5"].map((name, index) => ({
        ...(only(specOf("intel", moved), String(index)).devices[0] ?? first),
        name,
      })),
    )
  })

  test("is none of a machine that has no such GPU", () => {
    const made = generateVendorSpecLike("intel", vendorMachine({ amd: ["w7900"] }), specOf("intel", intel))
    expect(made.ok ? "" : made.fault.tag).toBe("VendorGpuAbsent")
  })

  test("of parts alone, of GPUs that are whole by now, has these all the same", () => {
    const parts = only(specOf("amd", { amd: ["mi300x:1:dpx"] }), "0000:05:00.0:1")
    const whole: VendorMachine = { amd: ["mi300x"] }
    expect(namesOf(parts)).toEqual(["0000:05:00.0:1"])
    expect(likeOf("amd", whole, parts)).toEqual(specOf("amd", whole))
  })

  test("says nothing of a node that that does not say", () => {
    const [node] = nodesOf(likeOf("intel", moved, specOf("intel", intel)))
    expect(node).toMatchObject({
      type: "",
      major: 0,
      minor: 0,
      fileMode: undefined,
      uid: undefined,
      gid: undefined,
    })
  })

  test.each<[what: string, said: Partial<DeviceNode>, now: Partial<DeviceNode>]>([
    ["its type", { type: "c" }, { type: "c" }],
    ["its numbers", { major: 226, minor: 1 }, { major: 226, minor: 4 }],
    ["its mode", { fileMode: 0o600 }, { fileMode: 0o660 }],
    ["its owner", { uid: 1000 }, { uid: 0 }],
    ["its group", { gid: 4711 }, { gid: 44 }],
    ["rights of its author's choice", { permissions: "r" }, { permissions: "r" }],
  ])("says %s, as the machine has it now, where that says it, and no more", (_what, said, now) => {
    const silent = { type: "", major: 0, minor: 0, fileMode: undefined, permissions: "rw" }
    const like = withNodes(specOf("intel", intel), () => said)
    const card = nodesOf(likeOf("intel", moved, like)).find(({ path }) => path === "/dev/dri/card4")
    expect(card).toMatchObject({ ...silent, uid: undefined, gid: undefined, ...now })
  })

  test("says of each node what that says of it, else of one of its kind, else of any", () => {
    const before: VendorMachine = { amd: ["w7900:2"] }
    const like = withNodes(specOf("amd", before), ({ path }) => ({
      permissions:
        path === "/dev/dri/card1" ? "r" : path.includes("card") ? "w" : path === "/dev/kfd" ? "m" : "rwm",
    }))
    const rights = new Map(
      nodesOf(likeOf("amd", { amd: ["w7900:3"] }, like)).map(({ path, permissions }) => [path, permissions]),
    )
    expect(Object.fromEntries(rights)).toEqual({
      "/dev/dri/card1": "r",
      "/dev/dri/card2": "w",
      "/dev/dri/card3": "w",
      "/dev/dri/renderD128": "rwm",
      "/dev/dri/renderD129": "rwm",
      "/dev/dri/renderD130": "rwm",
      "/dev/kfd": "m",
    })
    const kfdAlone = withNodes(specOf("amd", before), () => ({ path: "/dev/kfd", permissions: "r" }))
    expect(new Set(nodesOf(likeOf("amd", before, kfdAlone)).map(({ permissions }) => permissions))).toEqual(
      new Set(["r"]),
    )
  })

  test("has places on the bus as mounts where that has them so, and as nodes where it has not", () => {
    const isPlace = (path: string): boolean => path.startsWith("/dev/dri/by-path/")
    const mount = { type: "none", options: ["bind", "rw"] }
    const like = mapEdits(specOf("intel", intel), (edits) => ({
      ...edits,
      deviceNodes: edits.deviceNodes.filter(({ path }) => !isPlace(path)),
      mounts: edits.deviceNodes
        .filter(({ path }) => isPlace(path))
        .map(({ path }) => ({ ...mount, hostPath: path, containerPath: path })),
    }))
    const made = only(likeOf("intel", moved, like), "0").devices[0]?.containerEdits
    expect(made?.deviceNodes.map(({ path }) => path)).toEqual(["/dev/dri/card4", "/dev/dri/renderD131"])
    expect(made?.additionalGids).toEqual(
      only(specOf("intel", moved), "0").devices[0]?.containerEdits.additionalGids,
    )
    expect(made?.mounts).toEqual(
      ["card", "render"].map((kind) => {
        const path = `/dev/dri/by-path/pci-0000:03:00.0-${kind}`
        return { ...mount, hostPath: path, containerPath: path }
      }),
    )
    expect(allEdits(likeOf("intel", moved, specOf("intel", intel))).flatMap(({ mounts }) => mounts)).toEqual(
      [],
    )
  })
})
