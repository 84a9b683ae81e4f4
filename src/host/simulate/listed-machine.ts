/** From a listing to everything that lies on the machine. Pure; the writer makes it. */

import { baseName } from "../../core/text/path.ts"
import { contentOf, fill, type ListedMachine } from "./listed-contents.ts"
import type { ListedEntry } from "./listing.ts"
import type { Made } from "./made.ts"
import { exampleMigLayout, type SimulatedMigDevice } from "./mig-layout.ts"
import { findModel, type GpuModel } from "./models.ts"
import type { ProcGpu } from "./proc-texts.ts"

export interface ListedOptions {
  /** The listing's file name tells the model when nobody else does. */
  readonly name: string
  readonly model: GpuModel | undefined
  readonly migDevices: readonly SimulatedMigDevice[] | undefined
  readonly uuidFor: (name: string) => string
}

/** What a listing shows of its machine. */
export function understandListing(entries: readonly ListedEntry[], options: ListedOptions): ListedMachine {
  const model = options.model ?? modelOfName(options.name)
  const gpus = entries.flatMap(({ path }): readonly string[] => {
    const address = /^\/proc\/driver\/nvidia\/gpus\/([^/]+)$/.exec(path)?.[1]
    return address === undefined ? [] : [address]
  })
  const product = model.product
  const instances = entries.filter(({ path }) => /\/nvidia-caps\/nvidia-cap([3-9]|\d\d+)$/.test(path))
  return {
    entries,
    model,
    driverVersion: versionOf(entries),
    gpus: gpus.sort().map(
      (pciAddress, index): ProcGpu => ({
        index,
        pciAddress,
        product,
        uuid: `GPU-${options.uuidFor(`${model.name}-${index}`)}`,
      }),
    ),
    migDevices: options.migDevices ?? (instances.length > 0 ? exampleMigLayout : []),
  }
}

/** The first word of the name that is a model; the A100 when none is. */
function modelOfName(name: string): GpuModel {
  const words = baseName(name)
    .replace(/\.\w+$/, "")
    .split(/[^a-z0-9]+/i)
  const found = words.map(findModel).find((model) => model !== undefined) ?? findModel("a100")
  if (found === undefined) throw new Error("the table of models has no A100")
  return found
}

/** Suffix of the driver's libraries. */
function versionOf(entries: readonly ListedEntry[]): string {
  const versions = entries.flatMap(
    ({ path }) => /\/lib(?:cuda|nvidia-ml)\.so\.(\d+\.[\d.]+)$/.exec(path)?.[1] ?? [],
  )
  return versions.find((version) => Number.parseInt(version, 10) >= 100) ?? "0.0"
}

/** Order: as listed. */
export const describeListedMachine = (machine: ListedMachine): readonly Made[] =>
  machine.entries.map((entry) => describeEntry(entry, machine))

function describeEntry(entry: ListedEntry, machine: ListedMachine): Made {
  switch (entry.kind) {
    case "link":
      return { kind: "symlink", path: entry.path, target: entry.target }
    case "char":
      return { ...entry, kind: "node" }
    case "dir":
      return { ...entry, kind: "directory" }
    case "sock":
      return { ...entry, kind: "socket" }
    case "file":
      return { ...entry, content: fill(entry.path, contentOf(entry, machine), entry.sizeBytes) }
  }
}
