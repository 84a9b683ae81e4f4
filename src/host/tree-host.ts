/** A Host over a tree that is not the live root: symlinks are followed within the tree, whatever they say. */

import type { Result } from "../core/fault/result.ts"
import { fail } from "../core/fault/result.ts"
import type { ByteRange, FileStat, Host } from "../core/host/host.ts"
import { readFault, resolvePath } from "../core/host/resolve-path.ts"

/** Answers for paths that have no symlink on the way. */
export interface Tree {
  lstat(path: string): Result<FileStat>
  readLink(path: string): Result<string>
  readDir(path: string): Result<readonly string[]>
  readFile(path: string, range: ByteRange | undefined): Result<Uint8Array>
  livePath(path: string): string | undefined
}

export function createTreeHost(provenance: Host["provenance"], tree: Tree): Host {
  const through = <T>(
    path: string,
    follow: "all" | "parents",
    ask: (resolved: string) => Result<T>,
  ): Result<T> => {
    const resolved = resolvePath(tree, path, follow)
    return resolved.ok ? ask(resolved.value) : resolved
  }
  return {
    provenance,
    readFile: (path, range) =>
      through(path, "all", (resolved) => {
        const stat = tree.lstat(resolved)
        if (!stat.ok) return stat
        if (stat.value.kind === "directory") return fail(readFault(path, "read", "EISDIR"))
        return stat.value.kind === "file"
          ? tree.readFile(resolved, range)
          : fail(readFault(path, "read", "EINVAL"))
      }),
    readDir: (path) => through(path, "all", (resolved) => tree.readDir(resolved)),
    lstat: (path) => through(path, "parents", (resolved) => tree.lstat(resolved)),
    readLink: (path) => through(path, "parents", (resolved) => tree.readLink(resolved)),
    exists: (path) => through(path, "all", (resolved) => tree.lstat(resolved)).ok,
    livePath(path) {
      const resolved = resolvePath(tree, path, "all")
      return resolved.ok ? tree.livePath(resolved.value) : undefined
    },
  }
}
