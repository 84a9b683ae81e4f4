/** The fault of a mode for which a machine has nothing: a device that changes nothing is none, and no engine reads a file that has one. */

import { fault } from "../fault/fault.ts"
import { fail, type Result } from "../fault/result.ts"

/** `lacking`: a place, or a device in words. */
export const nothingToGenerate = (mode: string, lacking: string): Result<never> =>
  fail(fault("CdiNothingToGenerate", { mode, lacking }))
