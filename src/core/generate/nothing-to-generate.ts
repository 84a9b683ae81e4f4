import { fault } from "../fault/fault.ts"
import { fail, type Result } from "../fault/result.ts"

/** A device that changes nothing is none, and no engine reads a specification that has one. */
export const nothingToGenerate = (mode: string, place: string): Result<never> =>
  fail(fault("CdiNothingToGenerate", { mode, place }))
