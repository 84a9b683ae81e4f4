/** How a process ends in which Bun's FFI does not work. */

import { fault } from "../core/fault/fault.ts"
import { report } from "./report.ts"

export const tellNoCalls = (problem: string): Promise<number> =>
  report(fault("SystemCallsUnavailable", { problem }))
