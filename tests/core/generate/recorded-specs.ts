import type { CdiSpec } from "../../../src/core/cdi/spec.ts"
import { noAdditions } from "../../../src/core/generate/add-edits.ts"
import { generateSpec } from "../../../src/core/generate/generate-spec.ts"
import { hookChoice, type SpecRequest } from "../../../src/core/generate/spec-request.ts"
import { type HostSnapshot, observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { openHost } from "../../../src/host/open-host.ts"
import { hostFile } from "../../hosts/recorded-host.ts"

export const snapshotOf = (name: string): HostSnapshot => {
  const host = openHost(hostFile(name, "machine.json"))
  if (!host.ok) throw new Error(name)
  const driverRoot = name === "driver-container" ? "/run/nvidia/driver" : "/"
  return observeSnapshot(host.value, { driverRoot, ldcache: "/etc/ld.so.cache" })
}

/** What our own command line asks for when nothing is said. */
export const plain: SpecRequest = {
  mode: "auto",
  vendor: "nvidia.com",
  class: "gpu",
  devices: ["all"],
  orinCompatDirectory: "",
  names: ["index", "uuid", "type-index", "pci"],
  hasAllDevice: true,
  hooks: {
    path: "/usr/local/bin/gantry",
    shape: "one",
    isEnabled: hookChoice("nvml", [], []),
    ldconfigPath: "",
  },
  nodes: { numbers: "left", rights: "written", owners: "machine" },
  hasGroups: true,
  has32Bit: false,
  hasSockets: true,
  machineFaults: "reported",
  additions: noAdditions,
}

export function specOf(snapshot: HostSnapshot, request: SpecRequest): CdiSpec {
  const made = generateSpec(snapshot, request)
  if (!made.ok) throw new Error(made.fault.tag)
  return made.value.spec
}

/** Each with its name. */
export const hosts: readonly (readonly [name: string, snapshot: HostSnapshot])[] = [
  "a100",
  "mig",
  "gb200",
  "driver-container",
  "one-gpu-headless",
].map((name) => [name, snapshotOf(name)] as const)
