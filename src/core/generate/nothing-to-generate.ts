/** The fault of a mode for which a machine has nothing: a device that changes nothing is none, and no engine reads a file that has one. */

import { fault } from "../fault/fault.ts"
import { fail, type Result } from "../fault/result.ts"
import { nodePlace } from "../host/dev-root.ts"
import type { Inventory } from "../inventory/inventory.ts"
import { hostPath } from "../text/brand.ts"

/** `lacking`: a place, or a device in words. */
export const nothingToGenerate = (mode: string, lacking: string): Result<never> =>
  fail(fault("CdiNothingToGenerate", { mode, lacking }))

/** `node`: as containers see it; told is where the machine would have it. */
export const noNodeToGenerate = ({ devRoot }: Inventory, mode: string, node: string): Result<never> =>
  nothingToGenerate(mode, nodePlace(devRoot, hostPath(node)))
