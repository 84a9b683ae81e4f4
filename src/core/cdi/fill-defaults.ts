/**
 * Edits with the values that applying sets in where a specification leaves them out, so that two ways to say the same are the same. What is
 * asked of the machine (type, numbers, mode) stays open. Source of truth: apply-edits.ts, complete-node.ts.
 */

import { type ContainerEdits, type DeviceNode, hostPathOf, type IntelRdt } from "./spec.ts"

/** Items stand where they stood; groups that no container gets are left out. */
export const fillDefaults = (edits: ContainerEdits): ContainerEdits => ({
  ...edits,
  deviceNodes: edits.deviceNodes.map(withDefaults),
  intelRdt: edits.intelRdt && withoutEmpty(edits.intelRdt),
  additionalGids: givenGids(edits.additionalGids),
})

/** Each once, and root's never: it is every engine's own. */
export const givenGids = (gids: readonly number[]): readonly number[] => [
  ...new Set(gids.filter((gid) => gid !== 0)),
]

/** Without a major the numbers are the machine's; those of a FIFO mean nothing, and are written as they are. */
const withDefaults = (node: DeviceNode): DeviceNode => ({
  ...node,
  hostPath: hostPathOf(node),
  minor: node.major === 0 && node.type !== "p" ? 0 : node.minor,
  permissions: node.permissions === "none" ? "none" : orderedRights(node.permissions || "rwm"),
})

const orderedRights = (permissions: string): string =>
  ["r", "w", "m"].filter((right) => permissions.includes(right)).join("")

const withoutEmpty = (rdt: IntelRdt): IntelRdt => ({
  ...rdt,
  schemata: rdt.schemata?.length === 0 ? undefined : rdt.schemata,
})
