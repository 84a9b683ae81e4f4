/**
 * A device node as a container gets it: what the specification leaves open is asked of the machine's node. Source: the released Go
 * package (facts §6.5, step 2).
 */

import { fault } from "../../fault/fault.ts"
import { fail, ok, type Result } from "../../fault/result.ts"
import { type DeviceNode, hostPathOf } from "../spec.ts"

/** What lies at a path of the machine, itself, not where it leads. */
export interface HostNode {
  readonly type: "b" | "c" | "p"
  readonly major: number
  readonly minor: number
  /** Permission bits. */
  readonly fileMode: number
}

/** undefined: nothing, or no device node. */
export type FindHostNode = (path: string) => HostNode | undefined

export interface CompleteNode {
  /** In the container. */
  readonly path: string
  /** `b`, `c`, `u` or `p`. */
  readonly type: string
  readonly major: number
  readonly minor: number
  /** undefined: neither the specification nor the machine says. */
  readonly fileMode: number | undefined
}

/** Faults: CdiHostNodeMissing, CdiHostNodeOther. */
export function completeNode(node: DeviceNode, findHostNode: FindHostNode): Result<CompleteNode> {
  const { path, major, minor } = node
  const hostPath = hostPathOf(node)
  const found = findHostNode(hostPath)
  const isEnough = node.type !== "" && (major !== 0 || node.type === "p")
  if (found === undefined)
    return isEnough
      ? ok({ path, type: node.type, major, minor, fileMode: node.fileMode })
      : fail(fault("CdiHostNodeMissing", { path: hostPath, place: undefined }))
  // The mode is taken from the machine even where the rest is given: without root nodes are bind mounts.
  const fileMode = node.fileMode ?? found.fileMode
  if (isEnough) return ok({ path, type: node.type, major, minor, fileMode })
  const type = node.type === "" ? found.type : node.type
  if (type !== found.type)
    return fail(
      fault("CdiHostNodeOther", { place: undefined, path, hostPath, expected: type, found: found.type }),
    )
  return type === "p" || major !== 0
    ? ok({ path, type, major, minor, fileMode })
    : ok({ path, type, major: found.major, minor: found.minor, fileMode })
}
