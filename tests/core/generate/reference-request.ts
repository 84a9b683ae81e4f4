import { noAdditions } from "../../../src/core/generate/add-edits.ts"
import { hookChoice, type SpecMode, type SpecRequest } from "../../../src/core/generate/spec-request.ts"

/** What the reference's command line asks for when nothing is said. */
export const referenceRequest = (mode: SpecMode): SpecRequest => ({
  mode,
  vendor: "nvidia.com",
  class: "gpu",
  devices: ["all"],
  names: ["index", "uuid"],
  hasAllDevice: true,
  hooks: {
    path: "/usr/bin/nvidia-cdi-hook",
    shape: "separate",
    isEnabled: hookChoice(mode, [], []),
    ldconfigPath: "",
  },
  orinCompatDirectory: "",
  nodes: { numbers: "written", rights: "written", owners: "container" },
  hasGroups: true,
  has32Bit: false,
  hasSockets: true,
  machineFaults: "reported",
  additions: noAdditions,
})
