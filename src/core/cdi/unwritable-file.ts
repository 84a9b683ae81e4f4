/** A specification that the machine does not let be written. */

import { type Fault, fault } from "../fault/fault.ts"

/** `cause`: as writing it ended. */
export const unwritableFile = (file: string, cause: Fault): Fault =>
  fault(
    "CdiFileUnwritable",
    { file, reason: "refused", errno: cause.tag === "HostReadFailed" ? cause.data.errno : "" },
    cause,
  )
