import { describe, expect, test } from "bun:test"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { noAdditions } from "../../../src/core/generate/add-edits.ts"
import { generateSpec } from "../../../src/core/generate/generate-spec.ts"
import { isGeneratedSpec } from "../../../src/core/generate/generated-spec.ts"
import { findOwnContent } from "../../../src/core/generate/own-content.ts"
import { requestLike } from "../../../src/core/generate/request-like.ts"
import { hookChoice, type SpecRequest } from "../../../src/core/generate/spec-request.ts"
import { type HostSnapshot, observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { openHost } from "../../../src/host/open-host.ts"
import { hostFile } from "../../hosts/recorded-host.ts"

const snapshotOf = (name: string): HostSnapshot => {
  const host = openHost(hostFile(name, "machine.json"))
  if (!host.ok) throw new Error(name)
  const driverRoot = name === "driver-container" ? "/run/nvidia/driver" : "/"
  return observeSnapshot(host.value, { driverRoot, ldcache: "/etc/ld.so.cache" })
}

const plain: SpecRequest = {
  ...{ mode: "auto", vendor: "nvidia.com", class: "gpu", devices: ["all"], orinCompatDirectory: "" },
  names: ["index", "uuid", "type-index", "pci"],
  hasAllDevice: true,
  hooks: {
    path: "/usr/local/bin/gantry",
    shape: "one",
    isEnabled: hookChoice("nvml", [], []),
    ldconfigPath: "",
  },
  nodes: { numbers: "left", rights: "written", owners: "machine" },
  ...{
    hasGroups: true,
    has32Bit: false,
    hasSockets: true,
    machineFaults: "reported",
    additions: noAdditions,
  },
}

function specOf(snapshot: HostSnapshot, request: SpecRequest): CdiSpec {
  const made = generateSpec(snapshot, request)
  if (!made.ok) throw new Error(made.fault.tag)
  return made.value.spec
}

const hosts = ["a100", "mig", "gb200", "driver-container", "one-gpu-headless"].map(
  (name) => [name, snapshotOf(name)] as const,
)
const separate = { ...plain.hooks, path: "/usr/bin/nvidia-cdi-hook", shape: "separate" } as const
const styles: readonly (readonly [string, Partial<SpecRequest>])[] = [
  ["our own", {}],
  [
    "the reference's",
    { hooks: separate, nodes: { numbers: "written", rights: "written", owners: "container" } },
  ],
  ["by UUID, without all", { names: ["uuid"], hasAllDevice: false }],
  ["by index, without hooks", { names: ["index"], hooks: { ...separate, isEnabled: () => false } }],
  ["another kind", { vendor: "example.com", class: "card", hooks: separate }],
  ["management", { mode: "management", vendor: "management.nvidia.com", hooks: separate }],
  ["management, of the reference's kind", { mode: "management", hooks: separate }],
  [
    "one hook that leaves out two",
    { hooks: { ...plain.hooks, isEnabled: (name) => !/compat|modification/.test(name) } },
  ],
  [
    "one hook for links alone",
    { hooks: { ...plain.hooks, isEnabled: (name) => name === "create-symlinks" } },
  ],
  ["two hooks", { hooks: { ...separate, isEnabled: (name) => /symlinks|ldcache/.test(name) } }],
]

describe.each(styles)("a specification in a style: %s", (_, style) => {
  test.each(hosts)("on %s: the request that is read off it makes it again", (_name, snapshot) => {
    const spec = specOf(snapshot, { ...plain, ...style })
    const again = specOf(snapshot, {
      ...requestLike(spec, "/usr/local/bin/gantry"),
      machineFaults: "reported",
    })
    expect(renderSpec(again, "yaml")).toBe(renderSpec(spec, "yaml"))
    expect(isGeneratedSpec(spec)).toBe(true)
    expect(findOwnContent(spec, again)).toBeUndefined()
  })
})

test.each(hosts)("nodes alone, as people write them, on %s: files are given as usual", (_name, snapshot) => {
  const spec = specOf(snapshot, plain)
  const bare = (edits: ContainerEdits): ContainerEdits => ({ ...noEdits, deviceNodes: edits.deviceNodes })
  const devices = spec.devices.map((device) => ({ ...device, containerEdits: bare(device.containerEdits) }))
  const byHand: CdiSpec = { ...spec, devices, containerEdits: bare(spec.containerEdits) }
  const again = specOf(snapshot, {
    ...requestLike(byHand, "/usr/local/bin/gantry"),
    machineFaults: "reported",
  })
  expect(again.containerEdits.mounts).toEqual(spec.containerEdits.mounts)
  expect(again.containerEdits.hooks).toEqual(spec.containerEdits.hooks)
})

describe("what no generator writes", () => {
  const [, snapshot] = hosts[0] ?? ["", snapshotOf("a100")]
  const made = specOf(snapshot, plain)
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
            ...{ hookName: "createContainer", path: "/usr/bin/nvidia-cdi-hook", timeout: undefined },
            ...{ args: ["nvidia-cdi-hook", "chmod"], env: ["NVIDIA_CTK_DEBUG=false"], ...changed },
          },
        ],
      },
    ]),
    ["intelRdt or netDevices", { netDevices: [{ hostInterfaceName: "a", name: "b" }] }],
  ])("%s", (what, added) => {
    const containerEdits = Object.fromEntries(
      Object.entries(made.containerEdits).map(([field, value]) => [
        field,
        Array.isArray(value)
          ? [...value, ...((added[field as keyof ContainerEdits] ?? []) as unknown[])]
          : value,
      ]),
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
