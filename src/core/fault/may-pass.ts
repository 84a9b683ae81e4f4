/** Places that could not be read: whether that tells what is there, and whether it lasts. */

import type { Fault, FaultOf } from "./fault.ts"

/**
 * What a failed look says of what lies there, or that there is more than is looked at: another look sees the same, and what is changed meanwhile
 * shows. Any other may have passed a moment later.
 */
const lastingErrnos: readonly string[] = [
  "E2BIG",
  "EFBIG",
  "EILSEQ",
  "EINVAL",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ENODATA",
]

/** Denied, or not to be read for want of descriptors or memory or by a failing disk: of what is there nobody knows. */
export const isUnread = (one: Fault): one is FaultOf<"HostReadFailed"> =>
  one.tag === "HostReadFailed" && one.data.reason !== "absent" && !lastingErrnos.includes(one.data.errno)

/**
 * The same place may be read a moment later, and no stamp of it tells when: nothing that was concluded without it is to be remembered. What is
 * denied stays so.
 */
export const mayPass = (one: Fault): boolean =>
  (isUnread(one) && one.data.reason === "other") || (one.cause !== undefined && mayPass(one.cause))
