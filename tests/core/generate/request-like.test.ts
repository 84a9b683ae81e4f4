import { describe, expect, test } from "bun:test"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { isGeneratedSpec } from "../../../src/core/generate/generated-spec.ts"
import { findOwnContent } from "../../../src/core/generate/own-content.ts"
import { callLike, requestLike } from "../../../src/core/generate/request-like.ts"
import type { SpecMode, SpecRequest } from "../../../src/core/generate/spec-request.ts"
import { observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { memoryMachine } from "../../machine.ts"
import { bareNode } from "../cdi/read/bare-parts.ts"
import { hosts, plain, specOf } from "./recorded-specs.ts"

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
  [
    "nothing of sockets and groups, nothing of a node but its name",
    {
      hasSockets: false,
      hasGroups: false,
      nodes: { numbers: "left", rights: "left", owners: "container" },
    },
  ],
  [
    "a loader's cache by an ldconfig of one's own",
    { hooks: { ...separate, ldconfigPath: "/sbin/ldconfig" } },
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

describe("libraries of 32 bits are of the style", () => {
  /** Where a distribution keeps those of 64 bits, and those of 32. */
  test.each([
    ["Debian", "/usr/lib/x86_64-linux-gnu", "/usr/lib/i386-linux-gnu"],
    ["Fedora", "/usr/lib64", "/usr/lib"],
    ["Arch", "/usr/lib", "/usr/lib32"],
    ["NixOS", "/nix/store/aa-nvidia-x11-550/lib", "/nix/store/bb-nvidia-x11-550-lib32/lib"],
  ])("as %s keeps them, and where there are none they are none", (_name, wide, narrow) => {
    const host = memoryMachine({
      gpus: 1,
      shape: { hasCompat32: true },
      change: (tree) => {
        const moved = Object.entries(tree).filter(([path]) => path.includes("-linux-gnu"))
        for (const [path, entry] of moved) {
          delete tree[path]
          const to = path
            .replace("/usr/lib/x86_64-linux-gnu", wide)
            .replace("/usr/lib/i386-linux-gnu", narrow)
          tree[to] = entry
        }
        delete tree["/etc/ld.so.cache"]
      },
    })
    const seen = observeSnapshot(host, {
      driverRoot: "/",
      ldcache: "/etc/ld.so.cache",
      searchPaths: [wide, narrow],
    })
    expect(seen.driver?.libraries.map(({ bits }) => bits)).toContain(32)
    for (const has32Bit of [true, false])
      expect(requestLike(specOf(seen, { ...plain, has32Bit }), "/usr/bin/gantry").has32Bit).toBe(has32Bit)
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

describe("the mode that made a specification", () => {
  const ofNodes = (kind: string, name: string, ...paths: readonly string[]): CdiSpec => ({
    cdiVersion: "0.5.0",
    kind,
    annotations: new Map(),
    devices: [
      { name, annotations: new Map(), containerEdits: { ...noEdits, deviceNodes: paths.map(bareNode) } },
    ],
    containerEdits: noEdits,
  })
  const rights = ["/dev/nvidia-caps/nvidia-cap1", "/dev/nvidia-caps/nvidia-cap2"]
  const channel = "/dev/nvidia-caps-imex-channels/channel0"

  test.each<[what: string, spec: CdiSpec, mode: SpecMode]>([
    ["a GPU", ofNodes("nvidia.com/gpu", "0", "/dev/nvidia0"), "auto"],
    [
      "channels, of the kind of GPUs as the reference has them",
      ofNodes("nvidia.com/gpu", "0", channel),
      "imex",
    ],
    ["channels, of their own kind", ofNodes("nvidia.com/imex-channel", "0", channel), "imex"],
    [
      "a switch",
      ofNodes("nvidia.com/gpu", "all", "/dev/nvidia-nvswitch0", "/dev/nvidia-nvswitchctl"),
      "nvswitch",
    ],
    ["GPUDirect Storage", ofNodes("nvidia.com/gpu", "all", "/dev/nvidia-fs0", "/dev/nvidia-fs1"), "gds"],
    ["InfiniBand", ofNodes("nvidia.com/gpu", "all", "/dev/infiniband/uverbs0"), "mofed"],
    ["GDRCopy", ofNodes("nvidia.com/gpu", "all", "/dev/gdrdrv"), "gdrcopy"],
    ["the kind's word, whatever its nodes", ofNodes("nvidia.com/gdrcopy", "all", "/dev/nvidia0"), "gdrcopy"],
    [
      "a GPU beside what stands beside GPUs",
      ofNodes("nvidia.com/gpu", "all", "/dev/gdrdrv", "/dev/nvidia0"),
      "auto",
    ],
    ["no node at all", ofNodes("nvidia.com/gpu", "0"), "auto"],
    ["everything for managing", ofNodes("nvidia.com/gpu", "all", "/dev/nvidia0", ...rights), "management"],
    ["of the kind of managing", ofNodes("management.nvidia.com/gpu", "all", "/dev/nvidia0"), "management"],
    [
      "one of the two rights over MIG",
      ofNodes("nvidia.com/gpu", "all", "/dev/nvidia0", rights[1] ?? ""),
      "auto",
    ],
    ["both, of a device beside others", ofNodes("nvidia.com/gpu", "0", "/dev/nvidia0", ...rights), "auto"],
  ])("%s", (_what, spec, mode) => expect(requestLike(spec, "/usr/bin/gantry").mode).toBe(mode))
})

describe("hooks are called as those of another specification are", () => {
  const hooksOf = (...calls: readonly (readonly string[])[]): CdiSpec => ({
    cdiVersion: "0.5.0",
    kind: "nvidia.com/gpu",
    annotations: new Map(),
    devices: [],
    containerEdits: {
      ...noEdits,
      hooks: calls.map((args) => ({
        hookName: "createContainer",
        path: "/usr/bin/nvidia-ctk",
        args,
        env: [],
        timeout: undefined,
      })),
    },
  })
  const made = hooksOf(["nvidia-cdi-hook", "update-ldcache", "--folder", "/lib"], ["other", "x"])

  test.each<[like: CdiSpec, call: readonly string[]]>([
    [hooksOf(["nvidia-ctk", "hook", "chmod"]), ["nvidia-ctk", "hook", "update-ldcache", "--folder", "/lib"]],
    [
      hooksOf(["other", "x"], ["chmod"], ["gantry", "complete-container"]),
      ["gantry", "update-ldcache", "--folder", "/lib"],
    ],
    [hooksOf(["other", "x"]), ["nvidia-cdi-hook", "update-ldcache", "--folder", "/lib"]],
    [hooksOf(), ["nvidia-cdi-hook", "update-ldcache", "--folder", "/lib"]],
  ])("%#: as it says, or as they are where it says nothing", (like, call) => {
    expect(callLike(like)(made).containerEdits.hooks.map(({ args }) => args)).toEqual([call, ["other", "x"]])
  })
})
