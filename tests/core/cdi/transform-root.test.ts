import { describe, expect, test } from "bun:test"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { type RootChange, transformRoot } from "../../../src/core/cdi/transform-root.ts"
import { bareNode } from "./read/bare-parts.ts"

const node = bareNode("/run/driver/dev/a")
const hook = (hookName: string, ...args: readonly string[]) => ({
  hookName,
  path: "/run/driver/bin/h",
  args,
  env: [],
  timeout: undefined,
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

  test.each(["host", "container"] as const)("of the %s: what names no path stays as it is", (relativeTo) => {
    const kept = {
      env: ["A=/run/driver/a"],
      additionalGids: [44],
      deviceNodes: [{ ...node, path: "/dev/c" }],
      hooks: [{ ...hook("createContainer", "/a"), path: "/h", env: ["A=/run/driver"], timeout: 3 }],
    }
    const given: CdiSpec = {
      ...spec,
      annotations: new Map([["a", "/run/driver"]]),
      containerEdits: { ...noEdits, ...kept },
    }
    const change = { from: "/run/driver", to: "/host", relativeTo }
    expect(transformRoot(given, change)).toEqual({ ...given, devices: transformRoot(spec, change).devices })
  })

  test("of an argument of more parts the first two are paths, as of a link", () => {
    const links = {
      ...noEdits,
      hooks: [hook("createRuntime", "/run/driver/a::/run/driver/b::/run/driver/c")],
    }
    const moved = transformRoot(
      { ...spec, containerEdits: links },
      { from: "/run/driver", to: "/host", relativeTo: "host" },
    )
    expect(moved.containerEdits.hooks[0]?.args).toEqual(["/host/a::/host/b::/run/driver/c"])
  })

  test("devices that share their edits go on sharing them", () => {
    const [device] = spec.devices
    const twins = device === undefined ? [] : [device, { ...device, name: "b" }]
    const { devices } = transformRoot(
      { ...spec, devices: twins },
      { from: "/run/driver", to: "/host", relativeTo: "host" },
    )
    expect(devices.map(({ name }) => name)).toEqual(["a", "b"])
    expect(devices[0]?.containerEdits).not.toBe(edits)
    expect(devices[1]?.containerEdits).toBe(devices[0]?.containerEdits ?? noEdits)
  })

  test("from / every absolute path moves, to / the root goes away, and the same root changes nothing", () => {
    expect(moved({ from: "/" }).mounts.map(({ hostPath }) => hostPath)).toEqual([
      "/host/run/driver",
      "/host/run/driver2/y",
    ])
    expect(moved({ to: "/" }).mounts.map(({ hostPath }) => hostPath)).toEqual(["/", "/run/driver2/y"])
    expect(moved({ to: "/x/" }).mounts.map(({ hostPath }) => hostPath)).toEqual(["/x", "/run/driver2/y"])
    for (const [from, to] of [
      ["/a/", "/a"],
      ["/a", "/a/"],
    ] as const)
      expect(transformRoot(spec, { from, to, relativeTo: "host" })).toBe(spec)
  })

  test("is a path, however it is written, and nothing empty lies below it", () => {
    for (const from of ["/run//driver", "/run/./driver/", "/run/x/../driver"])
      expect(moved({ from })).toEqual(moved({}))
    const empty = { ...edits, hooks: [hook("createRuntime", "", "::/a", "/a::")] }
    const { hooks } = transformRoot(
      { ...spec, containerEdits: empty },
      { from: "/", to: "/x", relativeTo: "host" },
    ).containerEdits
    expect(hooks[0]?.args).toEqual(["", "::/x/a", "/x/a::"])
  })

  test("a node that stays where it is gets no hostPath", () => {
    expect(moved({ from: "/elsewhere" }).deviceNodes).toEqual(edits.deviceNodes)
  })

  test.each(["host", "container"] as const)(
    "of the %s: a node is moved, and nothing else of it",
    (relativeTo) => {
      const kept = {
        ...node,
        type: "c",
        major: 195,
        minor: 3,
        fileMode: 0o660,
        permissions: "rw",
        gid: 44,
      } as const
      const given = { ...kept, path: "/run/driver/dev/a", hostPath: "/run/driver/dev/b" }
      const written = { ...kept, path: "/dev/c", hostPath: "/dev/c" }
      const change = { from: "/run/driver", to: "/host", relativeTo }
      const whole = { ...spec, containerEdits: { ...noEdits, deviceNodes: [given, written] } }
      expect(transformRoot(whole, change).containerEdits.deviceNodes).toEqual([
        { ...given, ...(relativeTo === "host" ? { hostPath: "/host/dev/b" } : { path: "/host/dev/a" }) },
        written,
      ])
    },
  )

  test("a node that comes to lie on the machine where it lies in the container has none", () => {
    const paths = (change: Partial<Parameters<typeof transformRoot>[1]>) =>
      moved(change).deviceNodes.map(({ path, hostPath }) => [path, hostPath])
    expect(paths({ to: "/" })).toEqual([
      ["/run/driver/dev/a", "/dev/a"],
      ["/dev/b", ""],
    ])
    expect(paths({ from: "/dev", to: "/run/driver/dev", relativeTo: "container" })).toEqual([
      ["/run/driver/dev/a", ""],
      ["/run/driver/dev/b", ""],
    ])
  })
})
