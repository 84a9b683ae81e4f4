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
  /** What nvmlInit returns: the library does not fit the module that is loaded. */
  readonly initError: number | undefined
  /** GPUs that have fallen off the bus. These and those below: by their place on the bus, where NVML may pass over some. */
  readonly lost: readonly number[]
  /** GPUs that have an empty place between their MIG devices. */
  readonly gaps: readonly number[]
  /** GPUs whose MIG mode ends with the next reset. */
  readonly migEnding: readonly number[]
}

export const goodBehaviour: NvmlBehaviour = {
  hangs: false,
  isStuck: false,
  crashes: false,
  prints: false,
  missing: [],
  error: undefined,
  initError: undefined,
  lost: [],
  gaps: [],
  migEnding: [],
}

/** Longer than anybody waits for NVML. */
const stuckSeconds = 30

/** Macros for the compiler: what concerns the whole library. */
export const macrosOf = ({
  hangs,
  isStuck,
  crashes,
  prints,
  error,
  initError,
}: NvmlBehaviour): readonly string[] => [
  ...(hangs ? ["-DGANTRY_HANGS"] : []),
  ...(isStuck ? [`-DGANTRY_STUCK=${stuckSeconds}`] : []),
  ...(crashes ? ["-DGANTRY_CRASHES"] : []),
  ...(prints ? ["-DGANTRY_PRINTS"] : []),
  ...(error === undefined ? [] : [`-DGANTRY_ERROR=${error}`]),
  ...(initError === undefined ? [] : [`-DGANTRY_INIT_ERROR=${initError}`]),
]
