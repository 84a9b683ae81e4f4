/** From a listing to everything that lies on the machine. Pure; the writer makes it. */

import { baseName, parentPath } from "../../core/text/path.ts"
import { listedContents } from "./listed-contents.ts"
import type { ListedMachine } from "./listed-index.ts"
import type { ListedEntry } from "./listing.ts"
import type { Made } from "./made.ts"
import { exampleMigLayout, type SimulatedMigDevice } from "./mig-layout.ts"
import { findModel, type GpuModel } from "./models.ts"
import type { ProcGpu } from "./proc-texts.ts"

export interface ListedOptions {
  /** The listing's file name, or its directory's, tells the model when nobody else does. */
  readonly name: string
  readonly model: GpuModel | undefined
  readonly migDevices: readonly SimulatedMigDevice[] | undefined
  readonly uuidFor: (name: string) => string
}

/** What a listing shows of its machine. */
export function understandListing(entries: readonly ListedEntry[], options: ListedOptions): ListedMachine {
  const model = options.model ?? modelOfName(options.name)
  const addresses = entries.flatMap(({ path }): readonly string[] => {
    const address = /^\/proc\/driver\/nvidia\/gpus\/([^/]+)$/.exec(path)?.[1]
    return address === undefined ? [] : [address]
  })
  const minors = minorsByCard(entries)
  const gpus = addresses.sort().map(
    (pciAddress, index): ProcGpu => ({
      index,
      minor: minors.get(pciAddress) ?? index,
      pciAddress,
      product: model.product,
      uuid: `GPU-${options.uuidFor(`${model.name}-${index}`)}`,
    }),
  )
  const hasInstances = entries.some(({ path }) => /\/nvidia-caps\/nvidia-cap([3-9]|\d\d+)$/.test(path))
  const shown = shownMigDevices(entries, gpus)
  const example = hasInstances ? exampleMigLayout.filter(({ gpu }) => gpu < gpus.length) : []
  return {
    entries,
    model,
    driverVersion: versionOf(entries),
    gpus,
    migDevices: options.migDevices ?? (shown.length > 0 ? shown : example),
  }
}

/**
 * The driver numbers its device nodes and its DRM cards in the same order, which need not be that of the bus: where every GPU has a
 * card, the cards tell the minors.
 */
function minorsByCard(entries: readonly ListedEntry[]): ReadonlyMap<string, number> {
  const cards = entries.flatMap(({ path }) => {
    const match = /\/([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.\d)\/drm\/card(\d+)$/.exec(path)
    return match === null ? [] : [{ pciAddress: match[1] ?? "", card: Number(match[2]) }]
  })
  const ordered = cards.sort((one, other) => one.card - other.card)
  return new Map(ordered.map(({ pciAddress }, minor) => [pciAddress, minor]))
}

/** Instances whose capability files are listed. Their profiles are not told by any path: the example's where it has the same one. */
function shownMigDevices(
  entries: readonly ListedEntry[],
  gpus: readonly ProcGpu[],
): readonly SimulatedMigDevice[] {
  const devices = entries.flatMap(({ path }): readonly SimulatedMigDevice[] => {
    const match = /^\/proc\/driver\/nvidia\/capabilities\/gpu(\d+)\/mig\/gi(\d+)\/ci(\d+)\/access$/.exec(path)
    if (match === null) return []
    const [minor, gpuInstance, computeInstance] = match.slice(1).map(Number) as [number, number, number]
    const gpu = gpus.find((one) => one.minor === minor)?.index
    if (gpu === undefined) return []
    const example = exampleMigLayout.find(
      (one) => one.gpu === gpu && one.gpuInstance === gpuInstance && one.computeInstance === computeInstance,
    )
    return [{ gpu, gpuInstance, computeInstance, profile: example?.profile ?? "1g.5gb" }]
  })
  return devices.sort(
    (one, other) =>
      one.gpu - other.gpu ||
      one.gpuInstance - other.gpuInstance ||
      one.computeInstance - other.computeInstance,
  )
}

/** The first word of the name that is a model, then of the directory's; the A100 when none is. */
function modelOfName(name: string): GpuModel {
  const words = [baseName(name).replace(/\.\w+$/, ""), baseName(parentPath(name))].flatMap((part) =>
    part.split(/[^a-z0-9]+/i),
  )
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
export function describeListedMachine(machine: ListedMachine): readonly Made[] {
  const contentOf = listedContents(machine)
  return machine.entries.map((entry) => describeEntry(entry, contentOf))
}

function describeEntry(entry: ListedEntry, contentOf: ReturnType<typeof listedContents>): Made {
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
      return { ...entry, ...contentOf(entry) }
  }
}
