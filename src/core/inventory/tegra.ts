/**
 * What a Tegra board says of itself beside its lists: its release, the CUDA version that comes with it, which GPU is its own.
 * Source: release notes of JetPack; facts, toolkit §5.7.
 */

import type { BoardGpu, Gpu, Inventory, Sourced } from "./inventory.ts"
import { type BoardFiles, isIntegratedName, releasePath } from "./is-tegra.ts"
import type { NvmlReport } from "./nvml-report.ts"
import { readText } from "./proc-text.ts"

/** Thor's own GPU has an address on the bus, always the same; older boards' have none. */
export const isIntegrated = ({ pciAddress, model }: Gpu): boolean =>
  isIntegratedName(model?.value ?? "") || pciAddress.startsWith("0000:01:00.")

/** undefined: NVML was not asked, or tells of no such GPU. */
export function findBoardGpu(report: NvmlReport | undefined): BoardGpu | undefined {
  for (const { index, name, uuid } of report?.gpus ?? [])
    if (name !== undefined && isIntegratedName(name)) return { index, name, uuid }
  return undefined
}

/** The board's own GPU where NVML alone tells of it. */
export const unlistedGpu = ({
  boardGpu,
  gpus,
}: Pick<Inventory, "boardGpu" | "gpus">): BoardGpu | undefined =>
  gpus.some(isIntegrated) ? undefined : boardGpu

/** With the board's own GPU where NVML alone tells of it, as if files did. */
export function withUnlisted(inventory: Inventory): Inventory {
  const own = unlistedGpu(inventory)
  return own === undefined ? inventory : { ...inventory, gpus: [asGpu(own), ...inventory.gpus] }
}

/** It has no place on the bus, and its nodes are those of the lists. */
const asGpu = ({ index, name, uuid }: BoardGpu): Gpu => ({
  index,
  state: "usable",
  pciAddress: "",
  minor: undefined,
  uuid: uuid === undefined ? undefined : { value: uuid, source: "NVML" },
  model: { value: name, source: "NVML" },
  architecture: undefined,
  computeCapability: undefined,
  brand: undefined,
  numaNode: undefined,
  isMigEnabled: undefined,
  node: undefined,
  procDirectory: undefined,
  drm: [],
})

/** `35.4.1`; undefined: the machine does not tell. */
export function observeTegraRelease(host: BoardFiles): string | undefined {
  const text = readText(host, releasePath)
  const [, major, minor] = /R(\d+) \(release\), REVISION: ([\d.]+)/.exec(text ?? "") ?? []
  return major === undefined || minor === undefined ? undefined : `${major}.${minor}`
}

/**
 * Newest first: release of the board's system, and the CUDA version that its driver has. JetPack 4.3 (32.3) still had 10.0, 4.4 (32.4) has
 * 10.2; 5.0 is 34.1, 6.0 is 36.2, 6.1 is 36.4, 7.0 is 38.2, 7.2 is 39.2. Source: release notes of JetPack.
 */
const cudaOfRelease: readonly (readonly [major: number, minor: number, cuda: string])[] = [
  [39, 2, "13.2"],
  [38, 0, "13.0"],
  [36, 4, "12.6"],
  [36, 0, "12.2"],
  [34, 0, "11.4"],
  [32, 4, "10.2"],
  [31, 0, "10.0"],
]

/** From here on the table knows nothing. */
const firstUnknownRelease = 40

/** undefined: a release older or newer than the table. */
export function cudaOfTegra(host: BoardFiles): Sourced<string> | undefined {
  const [major = 0, minor = 0] = (observeTegraRelease(host) ?? "").split(".").map(Number)
  if (major >= firstUnknownRelease) return undefined
  const found = cudaOfRelease.find(
    ([first, second]) => major > first || (major === first && minor >= second),
  )?.[2]
  return found === undefined ? undefined : { value: found, source: "table of board releases" }
}
