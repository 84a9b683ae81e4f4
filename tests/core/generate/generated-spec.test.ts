import { describe, expect, test } from "bun:test"
import { type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { isGeneratedSpec } from "../../../src/core/generate/generated-spec.ts"
import { bareNode } from "../cdi/read/bare-parts.ts"

describe("which specifications a generator of the toolkit's makes", () => {
  const hook = (...args: readonly string[]): ContainerEdits["hooks"][number] => ({
    hookName: "createContainer",
    path: "/usr/bin/nvidia-cdi-hook",
    args,
    env: [],
    timeout: undefined,
  })
  const own = hook("nvidia-cdi-hook", "complete-container", "--folder", "/lib")
  const links = hook("nvidia-cdi-hook", "create-symlinks", "--link", "a::/b")
  test.each([
    ["nvidia.com/gpu", {}, true],
    ["nvidia.com/mofed", { deviceNodes: [bareNode("/dev/infiniband/uverbs0")] }, true],
    ["nvidia.com/gdrcopy", { deviceNodes: [bareNode("/dev/gdrdrv")] }, true],
    ["k8s.device-plugin.nvidia.com/gpu", { deviceNodes: [bareNode("/dev/nvidia0")] }, true],
    ["management.nvidia.com/gpu", {}, true],
    ["acme.com/gpu", { deviceNodes: [bareNode("/dev/nvidia0")], hooks: [links] }, true],
    ["acme.com/gpu", { deviceNodes: [bareNode("/dev/nvidia0")] }, false],
    ["acme.com/gpu", { hooks: [links] }, false],
    ["acme.com/card", { deviceNodes: [bareNode("/dev/card0")], hooks: [links] }, false],
    ["nvidia.com/pgpu", { deviceNodes: [bareNode("/dev/vfio/12")] }, false],
    ["nvidia.com/imex-channel", {}, true],
    ["acme.com/gpu", { deviceNodes: [bareNode("/dev/nvidia0")], hooks: [own] }, true],
    ["notnvidia.com/gpu", {}, false],
    ["nvidia.com.acme.org/gpu", {}, false],
    ["nvidia.community/gpu", {}, false],
    ["v.com/c", {}, false],
  ] as const)("%s with %j: %s", (kind, edits, isGenerated) => {
    expect(
      isGeneratedSpec({
        cdiVersion: "0.5.0",
        kind,
        annotations: new Map(),
        devices: [{ name: "0", annotations: new Map(), containerEdits: { ...noEdits, ...edits } }],
        containerEdits: noEdits,
      }),
    ).toBe(isGenerated)
  })

  test.each([
    [["0", "front"], true],
    [["front", "rear"], false],
  ])("of NVIDIA's kind with devices %j: %p", (names, isGenerated) => {
    const devices = names.map((name) => ({ name, annotations: new Map(), containerEdits: noEdits }))
    expect(
      isGeneratedSpec({
        cdiVersion: "0.5.0",
        kind: "nvidia.com/gpu",
        annotations: new Map(),
        devices,
        containerEdits: noEdits,
      }),
    ).toBe(isGenerated)
  })
})
