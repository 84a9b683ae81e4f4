/** The fault of a specification whose file is there and cannot be read. */

import { type Fault, fault } from "../../fault/fault.ts"

/** `cause`: as reading it ended. */
export const unreadableFile = (file: string, cause: Fault): Fault =>
  fault("CdiFileUnreadable", { file, errno: cause.tag === "HostReadFailed" ? cause.data.errno : "" }, cause)
