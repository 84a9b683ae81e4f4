/** How the stand-in for NVML behaves when it does not behave well. What each does in C: nvml-stand-in.c. */

export interface NvmlBehaviour {
  readonly hangs: boolean
  /** Hangs so that it cannot be killed either. */
  readonly isStuck: boolean
  readonly crashes: boolean
  /** Writes to standard output before it answers, as debug builds do. */
  readonly prints: boolean
  /** Functions that this library does not have. */
  readonly missing: readonly string[]
  /** What every function returns. */
  readonly error: number | undefined
  /** GPUs that have fallen off the bus, by NVML's index. */
  readonly lost: readonly number[]
  /** GPUs that have an empty place between their MIG devices. */
  readonly gaps: readonly number[]
}

export const goodBehaviour: NvmlBehaviour = {
  hangs: false,
  isStuck: false,
  crashes: false,
  prints: false,
  missing: [],
  error: undefined,
  lost: [],
  gaps: [],
}

/** Longer than anybody waits for NVML. */
const stuckSeconds = 30

/** Macros and hidden symbols for the compiler. */
export const macrosOf = ({
  hangs,
  isStuck,
  crashes,
  prints,
  error,
  lost,
  gaps,
}: NvmlBehaviour): readonly string[] => [
  ...(hangs ? ["-DGANTRY_HANGS"] : []),
  ...(isStuck ? [`-DGANTRY_STUCK=${stuckSeconds}`] : []),
  ...(crashes ? ["-DGANTRY_CRASHES"] : []),
  ...(prints ? ["-DGANTRY_PRINTS"] : []),
  ...(error === undefined ? [] : [`-DGANTRY_ERROR=${error}`]),
  `-DGANTRY_LOST=${maskOf(lost)}`,
  `-DGANTRY_GAPS=${maskOf(gaps)}`,
]

const maskOf = (indices: readonly number[]): string =>
  `0x${indices.reduce((mask, index) => mask | (1n << BigInt(index)), 0n).toString(16)}ull`
