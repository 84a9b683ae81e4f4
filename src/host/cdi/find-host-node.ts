/** What a CDI specification leaves open of a device node, asked of the machine. */

import type { FindHostNode, HostNode } from "../../core/cdi/edits/complete-node.ts"
import type { FileKind, HostFiles } from "../../core/host/host.ts"
import { hostPath } from "../../core/text/brand.ts"

const types: Readonly<Partial<Record<FileKind, HostNode["type"]>>> = { block: "b", character: "c", fifo: "p" }

/** A link is not followed, as by engines: it is no node. */
export const findHostNode =
  (host: Pick<HostFiles, "lstat">): FindHostNode =>
  (path) => {
    const stat = host.lstat(hostPath(path))
    const type = stat.ok ? types[stat.value.kind] : undefined
    if (!stat.ok || type === undefined) return undefined
    const { major, minor, mode } = stat.value
    return { type, major, minor, fileMode: mode }
  }
