import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { diffSpecs } from "../../../src/core/cdi/diff-specs.ts"
import { mergeEdits } from "../../../src/core/cdi/merge-edits.ts"
import { mergeSpecs } from "../../../src/core/cdi/merge-specs.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { type RootChange, transformRoot } from "../../../src/core/cdi/transform-root.ts"
import { isOlder, minimumVersion } from "../../../src/core/cdi/version.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { arbitraryEdits, arbitrarySpec } from "./arbitrary-spec.ts"

const node = {
  ...{ path: "/run/driver/dev/a", hostPath: "", type: "", major: 0, minor: 0, fileMode: undefined },
  ...{ permissions: "", uid: undefined, gid: undefined },
}
const hook = (hookName: string, ...args: readonly string[]) => ({
  ...{ hookName, path: "/run/driver/bin/h", args, env: [], timeout: undefined },
})
const edits: ContainerEdits = {
  ...noEdits,
  deviceNodes: [node, { ...node, path: "/dev/b", hostPath: "/run/driver/dev/b" }],
  mounts: [
    { hostPath: "/run/driver", containerPath: "/run/driver/x", options: [], type: "" },
    { hostPath: "/run/driver2/y", containerPath: "/y", options: [], type: "" },
  ],
  hooks: [
    hook("createRuntime", "/run/driver/a", "/run/driver/a::/run/driver/b"),
    hook("createContainer", "--link", "/run/driver/a::/run/driver/b"),
    hook("startContainer", "/run/driver/c"),
  ],
}
const spec: CdiSpec = {
  cdiVersion: "0.5.0",
  kind: "v/c",
  annotations: new Map(),
  devices: [{ name: "a", annotations: new Map(), containerEdits: edits }],
  containerEdits: noEdits,
}

const moved = (change: Partial<RootChange>): ContainerEdits => {
  const whole = { from: "/run/driver", to: "/host", relativeTo: "host", ...change } as const
  return transformRoot(spec, whole).devices[0]?.containerEdits ?? noEdits
}

describe("another root", () => {
  test("of the machine: nodes, sources of mounts, hooks of the runtime's namespace", () => {
    const { deviceNodes, mounts, hooks } = moved({})
    expect(deviceNodes.map(({ path, hostPath }) => [path, hostPath])).toEqual([
      ["/run/driver/dev/a", "/host/dev/a"],
      ["/dev/b", "/host/dev/b"],
    ])
    expect(mounts.map(({ hostPath, containerPath }) => [hostPath, containerPath])).toEqual([
      ["/host", "/run/driver/x"],
      ["/run/driver2/y", "/y"],
    ])
    expect(hooks.map(({ path, args }) => [path, ...args])).toEqual([
      ["/host/bin/h", "/host/a", "/host/a::/host/b"],
      ["/host/bin/h", "--link", "/run/driver/a::/run/driver/b"],
      ["/run/driver/bin/h", "/run/driver/c"],
    ])
  })

  test("of the container: places of nodes and mounts, hooks that run in its namespaces, and their arguments", () => {
    const { deviceNodes, mounts, hooks } = moved({ relativeTo: "container" })
    expect(deviceNodes.map(({ path, hostPath }) => [path, hostPath])).toEqual([
      ["/host/dev/a", "/run/driver/dev/a"],
      ["/dev/b", "/run/driver/dev/b"],
    ])
    expect(mounts.map(({ hostPath, containerPath }) => [hostPath, containerPath])).toEqual([
      ["/run/driver", "/host/x"],
      ["/run/driver2/y", "/y"],
    ])
    expect(hooks.map(({ path, args }) => [path, ...args])).toEqual([
      ["/run/driver/bin/h", "/run/driver/a", "/run/driver/a::/run/driver/b"],
      ["/run/driver/bin/h", "--link", "/host/a::/host/b"],
      // Its program is sought in the container.
      ["/host/bin/h", "/host/c"],
    ])
  })

  test("from / every absolute path moves, to / the root goes away, and the same root changes nothing", () => {
    expect(moved({ from: "/" }).mounts.map(({ hostPath }) => hostPath)).toEqual([
      "/host/run/driver",
      "/host/run/driver2/y",
    ])
    expect(moved({ to: "/" }).mounts.map(({ hostPath }) => hostPath)).toEqual(["/", "/run/driver2/y"])
    expect(moved({ to: "/x/" }).mounts.map(({ hostPath }) => hostPath)).toEqual(["/x", "/run/driver2/y"])
    expect(transformRoot(spec, { from: "/a/", to: "/a", relativeTo: "host" })).toBe(spec)
  })
})

describe("several edits as one", () => {
  test("lists one after the other, the last RDT, nothing left out", () => {
    const rdt = {
      closID: "a",
      l3CacheSchema: "",
      memBwSchema: "",
      schemata: undefined,
      enableMonitoring: false,
    }
    const merged = mergeEdits([
      { ...noEdits, env: ["A=1"], intelRdt: rdt, additionalGids: [1] },
      { ...noEdits, env: ["A=1", "B=2"], additionalGids: [1] },
    ])
    expect(merged).toEqual({ ...noEdits, env: ["A=1", "A=1", "B=2"], intelRdt: rdt, additionalGids: [1, 1] })
    expect(mergeEdits([])).toEqual(noEdits)
  })

  test("the version that is needed never falls when an edit is added", () => {
    fc.assert(
      fc.property(arbitrarySpec, arbitraryEdits, (made, more) => {
        // A second intelRdt takes the place of the first: nothing is added then.
        const { intelRdt } = made.containerEdits
        const added = intelRdt === undefined ? more : { ...more, intelRdt: undefined }
        const larger = { ...made, containerEdits: mergeEdits([made.containerEdits, added]) }
        return !isOlder(minimumVersion(larger).version, minimumVersion(made).version)
      }),
    )
  })
})

describe("several specifications as one", () => {
  const other = { ...spec, devices: spec.devices.map((device) => ({ ...device, name: "0" })) }

  test("all devices, in the lowest version", () => {
    const merged = mergeSpecs([spec, { ...other, containerEdits: { ...noEdits, additionalGids: [1] } }])
    expect(
      merged.ok ? [merged.value.cdiVersion, ...merged.value.devices.map(({ name }) => name)] : [],
    ).toEqual(["0.7.0", "a", "0"])
  })

  test.each([
    ["devices of one name", spec, 'both have a device "a"'],
    ["two kinds", { ...other, kind: "v/d" }, 'their kinds are "v/c" and "v/d"'],
  ])("%s: refused", (_, second, problem) => {
    const merged = mergeSpecs([spec, second])
    expect(merged.ok ? "" : renderFaultLine(merged.fault)).toStartWith(
      `the specifications cannot be made one: ${problem} [GAN4047]`,
    )
  })
})

test("specifications that cannot stand in one file for their network interfaces: refused", () => {
  const netDevices = [{ hostInterfaceName: "eth1", name: "rdma0" }]
  const one: CdiSpec = { ...spec, containerEdits: { ...noEdits, netDevices } }
  const other = { ...one, devices: spec.devices.map((device) => ({ ...device, name: "0" })) }
  const merged = mergeSpecs([one, other])
  expect(merged.ok ? "" : renderFaultLine(merged.fault)).toStartWith(
    'the merged specification: containerEdits.netDevices[1]: invalid linux net device, duplicate HostInterfaceName "eth1"',
  )
})

describe("two specifications", () => {
  test("what is gone and what is new, field by field", () => {
    const after: CdiSpec = {
      ...spec,
      cdiVersion: "0.6.0",
      annotations: new Map([["a", "b"]]),
      devices: [
        {
          name: "a",
          annotations: new Map(),
          containerEdits: { ...edits, mounts: edits.mounts.slice(1), env: ["A=b"] },
        },
        { name: "b", annotations: new Map(), containerEdits: edits },
      ],
    }
    expect(
      diffSpecs(spec, after).map(({ where, field, change, what }) => `${where} ${field} ${change} ${what}`),
    ).toEqual([
      "cdiVersion  removed 0.5.0",
      "cdiVersion  added 0.6.0",
      "annotations  added a: b",
      'device a mounts removed {"hostPath":"/run/driver","containerPath":"/run/driver/x"}',
      "device a env added A=b",
      "device b  added ",
    ])
    expect(diffSpecs(after, spec)).toHaveLength(6)
  })
})
