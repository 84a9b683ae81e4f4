/** A machine's device nodes as CDI asks for them: what lies at a path itself, not where it leads. */

import type { FindHostNode } from "../core/cdi/complete-node.ts"
import type { FileKind, HostFiles } from "../core/host/host.ts"
import { hostPath } from "../core/text/brand.ts"

const types: Partial<Record<FileKind, "c" | "b" | "p">> = { character: "c", block: "b", fifo: "p" }

export const findHostNodeOn =
  (host: Pick<HostFiles, "lstat">): FindHostNode =>
  (path) => {
    const stat = host.lstat(hostPath(path))
    const type = stat.ok ? types[stat.value.kind] : undefined
    if (!stat.ok || type === undefined) return undefined
    const { major, minor, mode } = stat.value
    return { type, major, minor, fileMode: mode & 0o777 }
  }
