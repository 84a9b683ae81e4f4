/** How a process ends in which the engine can make no system calls of ours. */

import { fault } from "../core/fault/fault.ts"
import { report } from "./report.ts"

export const tellNoCalls = (problem: string): Promise<number> =>
  report(fault("SystemCallsUnavailable", { problem }))
