/** A device node as it is on the machine. */

import type { HostFiles } from "../host/host.ts"
import { hostPath } from "../text/brand.ts"
import type { NodeFact } from "./inventory.ts"

/** undefined: there is no character device. */
export function observeNode(host: HostFiles, path: string): NodeFact | undefined {
  const stat = host.lstat(hostPath(path))
  if (!stat.ok || stat.value.kind !== "character") return undefined
  const { major, minor, mode, uid, gid } = stat.value
  return { path: hostPath(path), major, minor, mode, uid, gid }
}
