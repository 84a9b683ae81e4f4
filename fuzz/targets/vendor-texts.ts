/** The texts of sysfs about GPUs of AMD and Intel, on a machine that is otherwise whole. An input is as in machine-texts.ts. */

import { parseSpec } from "../../src/core/cdi/read/parse-spec.ts"
import { renderSpec } from "../../src/core/cdi/render-spec.ts"
import type { CdiSpec } from "../../src/core/cdi/spec.ts"
import { encodeUtf8 } from "../../src/core/text/utf8.ts"
import { generateAmdSpec } from "../../src/core/vendor/amd/generate-amd-spec.ts"
import { observeAmd } from "../../src/core/vendor/amd/observe-amd.ts"
import { generateIntelSpec } from "../../src/core/vendor/intel/generate-intel-spec.ts"
import { observeIntel } from "../../src/core/vendor/intel/observe-intel.ts"
import { createMemoryHost, type MemoryTree } from "../../src/host/memory.ts"
import { describeVendorGpus, parseAmdOrder, parseIntelOrder } from "../../src/host/simulate/vendor-machine.ts"
import { uuidFor } from "../../src/host/simulate/write-machine.ts"
import { checkFault, checkPlain, checkResult, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"
import { overlaid, texts } from "./machine-texts.ts"

function vendorMachine(): MemoryTree {
  const amd = parseAmdOrder("mi300x:1:dpx")
  const intel = parseIntelOrder("flex170")
  if (typeof amd === "string" || typeof intel === "string") throw new Error("the table of models has neither")
  const uniqueIdFor = (name: string): string => uuidFor(name).replaceAll("-", "").slice(0, 16)
  const tree: Record<string, MemoryTree[string]> = {}
  for (const made of describeVendorGpus({ amd: [amd], intel: [intel], drmBefore: 0, uniqueIdFor })) {
    if (made.kind === "node") tree[made.path] = { ...made, kind: "character" }
    else if (made.kind === "symlink") tree[made.path] = { kind: "symlink", target: made.target }
    else if (made.kind === "file") tree[made.path] = { kind: "file", content: made.content }
    else tree[made.path] = { kind: made.kind }
  }
  return tree
}

let base: MemoryTree | undefined
const baseTree = (): MemoryTree => {
  base ??= vendorMachine()
  return base
}

const amdGpu = "/sys/devices/pci0000:00/0000:05:00.0"
const intelGpu = "/sys/devices/pci0000:00/0000:03:00.0"
const properties = (node: number): string => `/sys/devices/virtual/kfd/kfd/topology/nodes/${node}/properties`

export const vendorTexts: FuzzTarget = {
  name: "vendor-texts",
  weight: 2,
  seeds: () => [
    texts({
      [properties(1)]: "simd_count 608\nlocation_id 1280\ndomain 0\ndrm_render_minor 128\nunique_id 171\n",
    }),
    texts({
      [properties(2)]: "simd_count 608\nlocation_id 1281\ndomain 0\ndrm_render_minor 129\nunique_id 0xab\n",
    }),
    texts({
      [`${amdGpu}/unique_id`]: "00000000000000ab\n",
      [`${amdGpu}/current_compute_partition`]: "CPX\n",
    }),
    texts({ [`${amdGpu}/vendor`]: "0x1002\n", [`${amdGpu}/class`]: "0x030000\n" }),
    texts({ [`${intelGpu}/device`]: "0x56c0\n", [`${intelGpu}/numa_node`]: "1\n" }),
    texts({ [`${intelGpu}/drm/renderD128/dev`]: "226:128\n", [`${amdGpu}/drm/renderD136/dev`]: "226:136\n" }),
  ],
  tokens: [
    "drm_render_minor ",
    "location_id ",
    "domain ",
    "unique_id ",
    "gfx_target_version ",
    "simd_count 0",
    "0x",
    "CPX",
    "\n",
  ],
  check(input) {
    const host = createMemoryHost(overlaid(input, baseTree()))
    const amd = observeAmd(host)
    const intel = observeIntel(host)
    const options = { hasGroups: true }
    // Reading a specification back costs ten times as much as all else.
    const isWhole = input.length % 16 === 0
    return firstOf(
      ...[...amd.findings, ...intel.findings].map(({ fault }) => checkFault(fault)),
      checkPlain(amd, "amd"),
      checkPlain(intel, "intel"),
      checkResult(generateAmdSpec(amd, options), ({ spec }) => checkSpec(spec, isWhole)),
      checkResult(generateIntelSpec(intel, options), ({ spec }) => checkSpec(spec, isWhole)),
    )
  },
}

/** It is valid, and no two devices with an index have a node in common but for the compute driver's. */
function checkSpec(spec: CdiSpec, isWhole: boolean): string | undefined {
  const text = isWhole ? renderSpec(spec, "yaml") : undefined
  const read = text === undefined ? undefined : parseSpec({ path: "/x.yaml", bytes: encodeUtf8(text) })
  if (read?.ok === false) return `a specification that is refused: ${read.fault[0]?.tag}`
  const owners = new Map<string, string>()
  for (const { name, containerEdits } of spec.devices.filter((one) => /^\d+$/.test(one.name)))
    for (const { path, hostPath } of containerEdits.deviceNodes) {
      const node = hostPath || path
      const owner = owners.get(node)
      if (node !== "/dev/kfd" && owner !== undefined && owner !== name)
        return `${node} is ${owner}'s and ${name}'s`
      owners.set(node, name)
    }
  return undefined
}
