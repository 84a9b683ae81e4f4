/** A Host over a tree that is not the live root: symlinks are followed within the tree, whatever they say. */

import type { Result } from "../core/fault/result.ts"
import { fail, ok } from "../core/fault/result.ts"
import type { FileStat, Host, HostFiles } from "../core/host/host.ts"
import { readFault, resolvePath } from "../core/host/resolve-path.ts"
import { type HostPath, hostPath } from "../core/text/brand.ts"
import type { ByteRange } from "../core/text/byte-range.ts"

/** Answers for paths that have no symlink on the way. */
export interface Tree {
  lstat(path: string): Result<FileStat>
  readLink(path: string): Result<string>
  readDir(path: string): Result<readonly string[]>
  readFile(path: string, range: ByteRange | undefined): Result<Uint8Array>
  livePath(path: string): string | undefined
}

export function createTreeHost(provenance: Host["provenance"], tree: Tree): HostFiles {
  const directories = new Map<string, string>()
  /** Where a directory lies, symlinks resolved; found out once, because a machine is observed within moments. */
  const findDirectory = (path: string): string | undefined => {
    const known = directories.get(path)
    if (known !== undefined) return known
    const resolved = path === "" ? ok(hostPath("/")) : resolve(path, "all")
    if (!resolved.ok) return undefined
    const stat = tree.lstat(resolved.value)
    if (!stat.ok || stat.value.kind !== "directory") return undefined
    directories.set(path, resolved.value)
    return resolved.value
  }
  const resolve = (path: string, follow: "all" | "parents"): Result<HostPath> => {
    const slash = path.lastIndexOf("/")
    const name = path.slice(slash + 1)
    const parent =
      name === "" || name === "." || name === ".." ? undefined : findDirectory(path.slice(0, slash))
    if (parent === undefined) return resolvePath(tree, path, follow)
    const here = parent === "/" ? `/${name}` : `${parent}/${name}`
    const stat = follow === "all" ? tree.lstat(here) : undefined
    const isLink = stat?.ok === true && stat.value.kind === "symlink"
    return isLink ? resolvePath(tree, path, follow) : ok(hostPath(here))
  }
  const through = <T>(
    path: string,
    follow: "all" | "parents",
    ask: (resolved: string) => Result<T>,
  ): Result<T> => {
    const resolved = resolve(path, follow)
    return resolved.ok ? ask(resolved.value) : resolved
  }
  const readFile = (path: string, range: ByteRange | undefined): Result<Uint8Array> =>
    through(path, "all", (resolved) => {
      const stat = tree.lstat(resolved)
      if (!stat.ok) return stat
      if (stat.value.kind === "directory") return fail(readFault(path, "read", "EISDIR"))
      return stat.value.kind === "file"
        ? tree.readFile(resolved, range)
        : fail(readFault(path, "read", "EINVAL"))
    })
  return {
    provenance,
    readFile,
    readParts: (path, use) => use((range) => readFile(path, range)),
    readDir: (path) => through(path, "all", (resolved) => tree.readDir(resolved)),
    lstat: (path) => through(path, "parents", (resolved) => tree.lstat(resolved)),
    readLink: (path) => through(path, "parents", (resolved) => tree.readLink(resolved)),
    exists: (path) => through(path, "all", (resolved) => tree.lstat(resolved)).ok,
    linksOn(path) {
      const links: string[] = []
      resolvePath(tree, path, "all", (link) => {
        const place = tree.livePath(link)
        if (place !== undefined) links.push(place)
      })
      return links
    },
    livePath(path) {
      const resolved = resolve(path, "all")
      return resolved.ok ? tree.livePath(resolved.value) : undefined
    },
  }
}
