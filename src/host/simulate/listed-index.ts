/** What a listing shows of a machine, and what is asked of the whole list for many of its files, found out once. */

import { baseName, parentPath } from "../../core/text/path.ts"
import type { ListedEntry } from "./listing.ts"
import { type MigCapability, migCapabilities, type SimulatedMigDevice } from "./mig-layout.ts"
import type { GpuModel } from "./models.ts"
import type { ProcGpu } from "./proc-texts.ts"

export interface ListedMachine {
  readonly entries: readonly ListedEntry[]
  readonly model: GpuModel
  readonly driverVersion: string
  /** Order: by PCI address. */
  readonly gpus: readonly ProcGpu[]
  readonly migDevices: readonly SimulatedMigDevice[]
}

export interface ListedIndex {
  readonly names: ReadonlySet<string>
  /** Names of the links to a file, by the file's path. */
  readonly links: ReadonlyMap<string, readonly string[]>
  readonly nodes: readonly Extract<ListedEntry, { readonly kind: "char" }>[]
  readonly capabilities: readonly MigCapability[]
  readonly gpusByAddress: ReadonlyMap<string, ProcGpu>
}

export function indexListing({ entries, gpus, migDevices }: ListedMachine): ListedIndex {
  const links = new Map<string, string[]>()
  for (const entry of entries) {
    if (entry.kind !== "link" || entry.target.includes("/")) continue
    const path = `${parentPath(entry.path)}/${entry.target}`
    const known = links.get(path)
    if (known === undefined) links.set(path, [baseName(entry.path)])
    else known.push(baseName(entry.path))
  }
  const nodes = entries.filter((entry) => entry.kind === "char")
  const numbers = nodes
    .flatMap(({ path }) => /^\/dev\/nvidia-caps\/nvidia-cap(\d+)$/.exec(path)?.[1] ?? [])
    .map(Number)
    .filter((number) => number > 2)
    .sort((one, other) => one - other)
  // The driver names and numbers by minor.
  const byMinor = migDevices
    .map((one) => ({ ...one, gpu: gpus[one.gpu]?.minor ?? one.gpu }))
    .sort((one, other) => one.gpu - other.gpu)
  return {
    names: new Set(entries.map(({ path }) => baseName(path))),
    links,
    nodes,
    capabilities: migCapabilities(byMinor, numbers),
    gpusByAddress: new Map(gpus.map((gpu) => [gpu.pciAddress, gpu])),
  }
}
