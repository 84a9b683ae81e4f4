/** What of a machine could not be read, so that nothing is to be concluded from its absence. Which of it that is: observe-inventory.ts. */

import type { Fault } from "../fault/fault.ts"
import type { Inventory } from "./inventory.ts"

/** Where the driver tells of its GPUs and their parts, and of the numbers of their nodes. */
export const tellingPlaces = /^\/proc\/d|caps(\/|$)/
/** Where nodes of IMEX channels lie. */
export const channelPlaces = /imex/
/** Where the version of the kernel module stands. */
export const versionPlaces = /nvidia.version$/

/** The first at such a place. */
export const findUnread = ({ findings }: Pick<Inventory, "findings">, places: RegExp): Fault | undefined =>
  findings.find(
    ({ severity, fault: { tag, data } }) =>
      severity === "error" && tag === "HostReadFailed" && places.test(data.path),
  )?.fault
