/** Whatever a machine says of itself: a specification that is made of it is one that engines read, and its hooks understand their flags. */

import { parseCdiHookFlags } from "../src/commands/cdi-hook/cdi-hook-flags.ts"
import { parseSpec } from "../src/core/cdi/read/parse-spec.ts"
import { renderSpec } from "../src/core/cdi/render-spec.ts"
import type { CdiSpec } from "../src/core/cdi/spec.ts"
import { noAdditions } from "../src/core/generate/add-edits.ts"
import { generateSpec } from "../src/core/generate/generate-spec.ts"
import { nameStrategies } from "../src/core/generate/machine-names.ts"
import { hookChoice, type SpecRequest } from "../src/core/generate/spec-request.ts"
import type { HostSnapshot } from "../src/core/plan/snapshot.ts"
import { encodeUtf8 } from "../src/core/text/utf8.ts"
import { checkFault } from "./invariants.ts"

const request: SpecRequest = {
  mode: "auto",
  vendor: "nvidia.com",
  class: "gpu",
  devices: ["all"],
  names: nameStrategies,
  hooks: {
    path: "/usr/bin/nvidia-cdi-hook",
    shape: "one",
    isEnabled: hookChoice("nvml", [], []),
    ldconfigPath: "",
  },
  nodes: { numbers: "written", rights: "written", owners: "machine" },
  hasAllDevice: true,
  hasGroups: true,
  has32Bit: true,
  hasSockets: true,
  orinCompatDirectory: "",
  machineFaults: "reported",
  additions: noAdditions,
}

export function checkGenerated(snapshot: HostSnapshot): string | undefined {
  for (const shape of ["one", "separate"] as const)
    for (const mode of ["auto", "management"] as const) {
      const generated = generateSpec(snapshot, { ...request, mode, hooks: { ...request.hooks, shape } })
      const problem = generated.ok ? checkSpec(generated.value.spec) : checkFault(generated.fault)
      if (problem !== undefined) return problem
    }
  return undefined
}

function checkSpec(spec: CdiSpec): string | undefined {
  const text = renderSpec(spec, "yaml")
  const parsed = parseSpec({ path: "generated.yaml", bytes: encodeUtf8(text) })
  if (!parsed.ok) return `a specification is generated that nobody reads: ${parsed.fault[0]?.tag}: ${text}`
  for (const { hooks } of [spec.containerEdits, ...spec.devices.map((device) => device.containerEdits)])
    for (const { args } of hooks) {
      const call = parseCdiHookFlags(args.slice(1), () => undefined)
      if (call.kind !== "hook") return `a hook that would fail is generated: ${args.join(" ")}`
    }
  return undefined
}
