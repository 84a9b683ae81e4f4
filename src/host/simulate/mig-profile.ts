/**
 * A MIG profile as NVML numbers and measures it, from its name (`1c.2g.10gb`, `1g.5gb+me`). Source: nvml.h of CUDA 12,
 * NVML_GPU_INSTANCE_PROFILE_*; the sizes that `nvidia-smi mig -lgip` lists.
 */

import type { GpuModel } from "./models.ts"

interface MigProfile {
  /** NVML's index of the GPU instance's profile. */
  readonly number: number
  readonly computeSlices: number
  readonly memoryMib: number
}

/** By slices and what follows the memory. */
const numbers: Readonly<Record<string, number>> = {
  "1": 0,
  "2": 1,
  "3": 2,
  "4": 3,
  "7": 4,
  "8": 5,
  "6": 6,
  "1+me": 7,
  "2+me": 8,
  "1+gfx": 10,
  "2+gfx": 11,
  "4+gfx": 12,
  "1-me": 13,
  "2-me": 14,
  "1+me.all": 15,
  "2+me.all": 16,
  "3+gfx": 17,
}
/** One slice with the memory of two. */
const doubleMemory = 9

/** A name that is no profile of the model's is the smallest of them. */
export function migProfileOf(name: string, { memoryMib, migSlices }: GpuModel): MigProfile {
  const [, compute, slices = "1", gib = "1", suffix = ""] =
    /^(?:(\d+)c\.)?(\d+)g\.(\d+)gb([-+].*)?$/.exec(name) ?? []
  // Memory comes in eighths, whatever is kept for the system.
  const eighths = Math.min(8, Math.max(1, Math.round((Number(gib) * 1024 * 8) / memoryMib)))
  const isDouble = migSlices === 7 && slices === "1" && suffix === "" && eighths === 2
  return {
    number: isDouble ? doubleMemory : (numbers[`${slices}${suffix}`] ?? numbers[slices] ?? 0),
    computeSlices: Number(compute ?? slices),
    memoryMib: Math.floor((memoryMib * eighths) / 8) - 64,
  }
}
