/**
 * Every expected failure, as data: a tag, its fields, and the fault below it that caused it.
 * Prose lives in the catalogues beside this file, one per range of codes; a missing entry does not compile.
 */

import { type ApplyingFaults, applyingCatalogue } from "./applying.ts"
import { type EngineFaults, engineCatalogue } from "./engines.ts"
import type { Catalogue } from "./entry.ts"
import { type InputFaults, inputCatalogue } from "./input.ts"
import { type MachineFaults, machineCatalogue } from "./machine.ts"

export interface FaultData extends InputFaults, MachineFaults, ApplyingFaults, EngineFaults {}

export type FaultTag = keyof FaultData

export type FaultOf<T extends FaultTag> = {
  readonly tag: T
  readonly data: FaultData[T]
  readonly cause?: Fault
}

export type Fault = { readonly [T in FaultTag]: FaultOf<T> }[FaultTag]

export const catalogue: Catalogue<FaultData> = {
  ...inputCatalogue,
  ...machineCatalogue,
  ...applyingCatalogue,
  ...engineCatalogue,
}

/** Builds a fault. `cause` is kept whole, never flattened into text. */
export function fault<T extends FaultTag>(tag: T, data: FaultData[T], cause?: Fault): FaultOf<T> {
  return cause === undefined ? { tag, data } : { tag, data, cause }
}
