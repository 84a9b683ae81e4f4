/** The same machine with nodes that it does not have yet: what it will be like when somebody has made them. */

import { ok } from "../fault/result.ts"
import type { NodeFact } from "../inventory/inventory.ts"
import { baseName, parentPath } from "../text/path.ts"
import type { Host } from "./host.ts"

export function withNodes(host: Host, nodes: readonly NodeFact[]): Host {
  const made = new Map<string, NodeFact>(nodes.map((node) => [node.path, node]))
  return {
    ...host,
    lstat(path) {
      const node = made.get(path)
      if (node === undefined) return host.lstat(path)
      const { mode, uid, gid, major, minor } = node
      return ok({ kind: "character", mode, uid, gid, sizeBytes: 0, major, minor })
    },
    exists: (path) => made.has(path) || host.exists(path),
    readDir(path) {
      const names = nodes.filter((node) => parentPath(node.path) === path).map((node) => baseName(node.path))
      const listed = host.readDir(path)
      if (names.length === 0) return listed
      return ok([...new Set([...(listed.ok ? listed.value : []), ...names])].sort())
    },
  }
}
