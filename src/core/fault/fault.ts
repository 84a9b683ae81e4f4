/**
 * Every expected failure, as data: a tag, its fields, and the fault below it that caused it.
 * Prose lives in the catalogues beside this file, one per range of codes, and is loaded only when a fault is told.
 */

import type { ApplyingFaults } from "./applying.ts"
import type { CdiFaults } from "./cdi.ts"
import type { CdiEditsFaults } from "./cdi-edits.ts"
import type { CdiMachineFaults } from "./cdi-machine.ts"
import type { EngineFaults } from "./engines.ts"
import type { GpuFaults } from "./gpu.ts"
import type { InputFaults } from "./input.ts"
import type { MachineFaults } from "./machine.ts"
import type { VendorGpuFaults } from "./vendor-gpu.ts"

export interface FaultData
  extends InputFaults,
    MachineFaults,
    GpuFaults,
    VendorGpuFaults,
    ApplyingFaults,
    CdiFaults,
    CdiMachineFaults,
    CdiEditsFaults,
    EngineFaults {}

export type FaultTag = keyof FaultData

export type FaultOf<T extends FaultTag> = {
  readonly tag: T
  readonly data: FaultData[T]
  readonly cause?: Fault
}

export type Fault = { readonly [T in FaultTag]: FaultOf<T> }[FaultTag]

/** Builds a fault. `cause` is kept whole, never flattened into text. */
export function fault<T extends FaultTag>(tag: T, data: FaultData[T], cause?: Fault): FaultOf<T> {
  return cause === undefined ? { tag, data } : { tag, data, cause }
}
