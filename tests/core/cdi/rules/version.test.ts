import { describe, expect, test } from "bun:test"
import { type CdiVersion, enforcedVersion, minimumVersion } from "../../../../src/core/cdi/rules/version.ts"
import { type CdiSpec, type ContainerEdits, noEdits, type SpecPath } from "../../../../src/core/cdi/spec.ts"
import { bareNode, bareRdt } from "../read/bare-parts.ts"

const node = bareNode("/dev/a")
const mount = { hostPath: "/a", containerPath: "/a", options: [], type: "" }
const device = { name: "a", annotations: new Map(), containerEdits: { ...noEdits, env: ["A=b"] } }
const specOf = (said: Partial<CdiSpec>): CdiSpec => ({
  cdiVersion: "1.1.0",
  kind: "v.com/c",
  annotations: new Map(),
  devices: [device, device],
  containerEdits: noEdits,
  ...said,
})
const annotations = new Map([["a", "b"]])

describe("what needs a newer version, and where it stands", () => {
  test.each<[version: CdiVersion, what: string, edits: Partial<ContainerEdits>, path: SpecPath]>([
    ["1.1.0", "netDevices", { netDevices: [{ hostInterfaceName: "a", name: "b" }] }, ["netDevices"]],
    ["1.1.0", "intelRdt.schemata", { intelRdt: { ...bareRdt, schemata: [] } }, ["intelRdt"]],
    [
      "1.1.0",
      "intelRdt.enableMonitoring",
      { intelRdt: { ...bareRdt, enableMonitoring: true } },
      ["intelRdt"],
    ],
    ["0.7.0", "intelRdt", { intelRdt: bareRdt }, ["intelRdt"]],
    ["0.7.0", "additionalGids", { additionalGids: [1] }, ["additionalGids"]],
    [
      "0.5.0",
      "hostPath of a device node",
      { deviceNodes: [node, { ...node, hostPath: "/dev/b" }] },
      ["deviceNodes", 1, "hostPath"],
    ],
    ["0.4.0", "type of a mount", { mounts: [mount, { ...mount, type: "tmpfs" }] }, ["mounts", 1, "type"]],
  ])("%s: %s", (version, what, edits, path) => {
    const containerEdits = { ...noEdits, ...edits }
    const shared = specOf({ containerEdits })
    const inLast = specOf({ devices: [device, { ...device, containerEdits }] })
    for (const versionOf of [minimumVersion, enforcedVersion]) {
      expect(versionOf(shared)).toEqual({ version, because: { what, path: ["containerEdits", ...path] } })
      expect(versionOf(inLast)).toEqual({
        version,
        because: { what, path: ["devices", 1, "containerEdits", ...path] },
      })
    }
  })

  test.each<[version: CdiVersion, what: string, said: Partial<CdiSpec>, path: SpecPath]>([
    ["0.6.0", "annotations", { annotations }, ["annotations"]],
    [
      "0.6.0",
      "annotations",
      { devices: [device, { ...device, annotations }] },
      ["devices", 1, "annotations"],
    ],
    ["0.6.0", "a dot in the class of a kind", { kind: "v/c.d" }, ["kind"]],
    [
      "0.5.0",
      "a device's name that begins with a digit",
      { devices: [device, { ...device, name: "0" }] },
      ["devices", 1, "name"],
    ],
  ])("%s: %s", (version, what, said, path) => {
    for (const versionOf of [minimumVersion, enforcedVersion])
      expect(versionOf(specOf(said))).toEqual({ version, because: { what, path } })
  })

  test("nothing does: the first that was released", () => {
    for (const versionOf of [minimumVersion, enforcedVersion])
      expect(versionOf(specOf({}))).toEqual({ version: "0.3.0", because: undefined })
  })

  test("the newest counts", () => {
    const both = { ...noEdits, additionalGids: [1], mounts: [{ ...mount, type: "tmpfs" }] }
    expect(minimumVersion(specOf({ containerEdits: both })).version).toBe("0.7.0")
  })
})

/** Nodes' hostPath and mounts' type, of which the Go package sees those of the last device for all. */
test("what stands in another device than the last is overlooked by engines, and not by the specification's text", () => {
  const edits = { ...noEdits, mounts: [{ ...mount, type: "tmpfs" }] }
  const spec = specOf({ devices: [{ ...device, containerEdits: edits }, device] })
  expect(minimumVersion(spec).version).toBe("0.4.0")
  expect(enforcedVersion(spec).version).toBe("0.3.0")
})
