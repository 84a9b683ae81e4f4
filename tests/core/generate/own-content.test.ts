import { describe, expect, test } from "bun:test"
import { mapEdits } from "../../../src/core/cdi/edits/map-edits.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { findOwnContent } from "../../../src/core/generate/own-content.ts"
import { bareRdt } from "../cdi/read/bare-parts.ts"
import { hosts, plain, snapshotOf, specOf } from "./recorded-specs.ts"

describe("what no generator writes is found", () => {
  const made = specOf(snapshotOf("a100"), plain)
  const older = JSON.parse(JSON.stringify(made.containerEdits).replaceAll("550.163.01", "535.54.03"))

  test("nothing, of a driver of another version and of another machine", () => {
    expect(findOwnContent({ ...made, containerEdits: older as ContainerEdits }, made)).toBeUndefined()
    for (const [, other] of hosts) expect(findOwnContent(specOf(other, plain), made)).toBeUndefined()
  })

  test.each<[what: string, added: Partial<ContainerEdits>]>([
    ["the variable MODELS", { env: ["MODELS=/opt"] }],
    [
      "the mount of /opt/models",
      { mounts: [{ hostPath: "/opt/models", containerPath: "/opt/models", options: [], type: "" }] },
    ],
    [
      "the hook /opt/hook",
      { hooks: [{ hookName: "poststop", path: "/opt/hook", args: [], env: ["A=b"], timeout: undefined }] },
    ],
    [
      "the mount of /data/nvidia-models",
      {
        mounts: [{ hostPath: "/d", containerPath: "/data/nvidia-models", options: ["rbind"], type: "" }],
      },
    ],
    ["the variable NVIDIA_DRIVER_CAPABILITIES", { env: ["NVIDIA_DRIVER_CAPABILITIES=compute"] }],
    ["the variable NVIDIA_VISIBLE_DEVICES", { env: ["NVIDIA_VISIBLE_DEVICES=none"] }],
    ["the group 4711", { additionalGids: [4711] }],
    ...(
      [
        ["the hook /usr/bin/nvidia-cdi-hook", { hookName: "createRuntime" }],
        ["the hook's variable LD_PRELOAD", { env: ["NVIDIA_CTK_DEBUG=false", "LD_PRELOAD=/x.so"] }],
        ["the link /opt/mine", { args: ["nvidia-cdi-hook", "create-symlinks", "--link", "a::/opt/mine"] }],
        [
          "the directory /opt/mine of libraries",
          { args: ["nvidia-cdi-hook", "update-ldcache", "--folder", "/opt/mine"] },
        ],
      ] as const
    ).map(([what, changed]): [string, Partial<ContainerEdits>] => [
      what,
      {
        hooks: [
          {
            hookName: "createContainer",
            path: "/usr/bin/nvidia-cdi-hook",
            timeout: undefined,
            args: ["nvidia-cdi-hook", "chmod"],
            env: ["NVIDIA_CTK_DEBUG=false"],
            ...changed,
          },
        ],
      },
    ]),
    ["intelRdt or netDevices", { netDevices: [{ hostInterfaceName: "a", name: "b" }] }],
    ["intelRdt or netDevices", { intelRdt: bareRdt }],
  ])("%s", (what, added) => {
    const containerEdits = Object.fromEntries(
      Object.entries(made.containerEdits).map(([field, value]) => {
        const more = added[field as keyof ContainerEdits]
        return [field, Array.isArray(value) ? [...value, ...((more ?? []) as unknown[])] : (more ?? value)]
      }),
    ) as unknown as ContainerEdits
    expect(findOwnContent({ ...made, containerEdits }, made)).toBe(what)
    const [device] = made.devices
    const own = { ...made.devices[0], containerEdits: { ...noEdits, ...added } } as CdiSpec["devices"][number]
    expect(device === undefined ? "" : findOwnContent({ ...made, devices: [own] }, made)).toBe(what)
  })

  test("what is noted of it, or of a device", () => {
    const annotations = new Map([["site", "here"]])
    expect(findOwnContent({ ...made, annotations }, made)).toBe("the annotation site")
    const [first, ...rest] = made.devices as [CdiSpec["devices"][number]]
    const noted = { ...made, devices: [{ ...first, annotations }, ...rest] }
    expect(findOwnContent(noted, made)).toBe("the annotation site")
  })

  test("a group is one of its author's also on a machine whose nodes are for no group, and none that a node had before", () => {
    const bare = specOf(snapshotOf("one-gpu-headless"), plain)
    const groupsOf = ({ containerEdits, devices }: CdiSpec) =>
      [containerEdits, ...devices.map((device) => device.containerEdits)].flatMap((one) => one.additionalGids)
    expect(groupsOf(bare)).toEqual([])
    const containerEdits = { ...bare.containerEdits, additionalGids: [4711] }
    expect(findOwnContent({ ...bare, containerEdits }, bare)).toBe("the group 4711")
    expect(groupsOf(made).length).toBeGreaterThan(0)
    const renumbered = mapEdits(made, (edits) => ({
      ...edits,
      deviceNodes: edits.deviceNodes.map((node) =>
        node.gid ? Object.assign({}, node, { gid: node.gid + 900 }) : node,
      ),
      additionalGids: edits.additionalGids.map((gid) => gid + 900),
    }))
    expect(findOwnContent(renumbered, made)).toBeUndefined()
    expect(findOwnContent(made, bare)).toBeUndefined()
  })

  test("a node with fewer rights", () => {
    const narrow = JSON.parse(
      JSON.stringify(made.containerEdits).replaceAll('"permissions":"rwm"', '"permissions":"r"'),
    )
    expect(findOwnContent({ ...made, containerEdits: narrow as ContainerEdits }, made)).toStartWith(
      "permissions of /dev/nvidia",
    )
  })

  test("a device of its author's", () => {
    const device = { name: "mine", annotations: new Map(), containerEdits: noEdits }
    expect(findOwnContent({ ...made, devices: [...made.devices, device] }, made)).toBe('a device "mine"')
  })
})
