/** GPUs as files tell of them, completed with what NVML tells: files first, NVML fills what they leave open. */

import { hostPath } from "../text/brand.ts"
import { describeModel } from "./describe-model.ts"
import type { BoardGpu, Gpu, Sourced } from "./inventory.ts"
import type { NvmlGpu, NvmlReport } from "./nvml-report.ts"
import type { MigInstance } from "./observe-mig.ts"
import { unlistedGpu } from "./tegra.ts"

/** NVML's GPUs by PCI address. One whose address it does not tell is none of those that files tell of. */
export const matchByAddress = (report: NvmlReport | undefined): ReadonlyMap<string, NvmlGpu> =>
  new Map(
    (report?.gpus ?? []).flatMap((gpu) =>
      gpu.pciAddress === undefined ? [] : [[gpu.pciAddress, gpu] as const],
    ),
  )

interface Completion {
  /** As matchByAddress gives them. */
  readonly told: ReadonlyMap<string, NvmlGpu>
  readonly migInstances: readonly MigInstance[]
  readonly boardGpu: BoardGpu | undefined
}

/** Order: as given. */
export const completeGpus = (
  gpus: readonly Gpu[],
  { told, migInstances, boardGpu }: Completion,
): readonly Gpu[] =>
  countUnlisted(
    gpus.map((gpu) => completeGpu(gpu, told.get(gpu.pciAddress), migInstances)),
    boardGpu,
  )

function completeGpu(gpu: Gpu, told: NvmlGpu | undefined, instances: readonly MigInstance[]): Gpu {
  const nvml = <T>(value: T | undefined): Sourced<T> | undefined =>
    value === undefined ? undefined : { value, source: "NVML" }
  const hasInstance = gpu.minor !== undefined && instances.some(({ minor }) => minor === gpu.minor?.value)
  const isMigEnabled =
    nvml(told?.isMigEnabled) ??
    (hasInstance ? { value: true, source: hostPath("/proc/driver/nvidia-caps/mig-minors") } : undefined)
  const named = gpu.model === undefined ? describeModel(nvml(told?.name)) : gpu
  return {
    ...gpu,
    model: named.model,
    architecture: named.architecture,
    computeCapability: named.computeCapability ?? nvml(told?.computeCapability),
    brand: nvml(told?.brand) ?? named.brand,
    uuid: gpu.uuid ?? nvml(told?.uuid),
    isMigEnabled,
  }
}

/** Those behind a board's own that no file tells of are one further. */
function countUnlisted(gpus: readonly Gpu[], boardGpu: BoardGpu | undefined): readonly Gpu[] {
  const own = unlistedGpu({ boardGpu, gpus })
  if (own === undefined) return gpus
  return gpus.map((gpu) =>
    gpu.index === undefined || gpu.index < own.index ? gpu : { ...gpu, index: gpu.index + 1 },
  )
}
