import { describe, expect, test } from "bun:test"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { isGeneratedSpec } from "../../../src/core/generate/generated-spec.ts"
import { findOwnContent } from "../../../src/core/generate/own-content.ts"
import { callLike, requestLike } from "../../../src/core/generate/request-like.ts"
import type { SpecRequest } from "../../../src/core/generate/spec-request.ts"
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
