/** A machine given as a plain tree: for tests, and for whoever wants to ask about a machine that does not exist. */

import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { FileStat, Host } from "../core/host/host.ts"
import { readFault } from "../core/host/resolve-path.ts"
import type { NvmlReport } from "../core/inventory/nvml-report.ts"
import { baseName, parentPath } from "../core/text/path.ts"
import { encodeUtf8 } from "../core/text/utf8.ts"
import { createTreeHost, type Tree } from "./tree-host.ts"

interface Owned {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
}

export type MemoryEntry =
  | ({ readonly kind: "file"; readonly content: string | Uint8Array } & Owned)
  | ({ readonly kind: "symlink"; readonly target: string } & Owned)
  | ({ readonly kind: "character" | "block"; readonly major: number; readonly minor: number } & Owned)
  | ({ readonly kind: "directory" | "fifo" | "socket" } & Owned)

/** Keys are absolute paths; directories above them come by themselves. */
export type MemoryTree = Readonly<Record<string, MemoryEntry>>

/** `nvml`: what the management library of this machine tells; without it there is none. */
export function createMemoryHost(entries: MemoryTree, name = "memory", nvml?: NvmlReport): Host {
  const tree = new Map<string, MemoryEntry>([["/", { kind: "directory" }]])
  for (const [path, entry] of Object.entries(entries)) {
    const clean = `/${path.split("/").filter(Boolean).join("/")}`
    for (let above = parentPath(clean); !tree.has(above); above = parentPath(above))
      tree.set(above, { kind: "directory" })
    tree.set(clean, entry)
  }
  return {
    ...createTreeHost({ kind: "memory", name }, createMemoryTree(tree)),
    askNvml: () => () =>
      nvml === undefined
        ? fail(
            fault("NvmlUnavailable", {
              library: "libnvidia-ml.so.1",
              step: "search",
              problem: "this machine is only a tree",
            }),
          )
        : ok(nvml),
  }
}

function createMemoryTree(tree: ReadonlyMap<string, MemoryEntry>): Tree {
  const find = (path: string, syscall: string): Result<MemoryEntry> => {
    const entry = tree.get(path)
    return entry === undefined ? fail(readFault(path, syscall, "ENOENT")) : ok(entry)
  }
  const encoded = new Map<string, Uint8Array>()
  const bytesOf = (content: string | Uint8Array): Uint8Array => {
    if (typeof content !== "string") return content
    const bytes = encoded.get(content) ?? encodeUtf8(content)
    encoded.set(content, bytes)
    return bytes
  }
  /** What lies in each directory; made for the first that is listed. */
  let namesIn: ReadonlyMap<string, readonly string[]> | undefined
  return {
    lstat(path): Result<FileStat> {
      const entry = find(path, "lstat")
      if (!entry.ok) return entry
      const { kind, mode, uid = 0, gid = 0 } = entry.value
      const isNode = kind === "character" || kind === "block"
      return ok({
        kind,
        mode: mode ?? (kind === "directory" ? 0o755 : kind === "symlink" ? 0o777 : isNode ? 0o666 : 0o644),
        uid,
        gid,
        sizeBytes: entry.value.kind === "file" ? bytesOf(entry.value.content).length : 0,
        major: "major" in entry.value ? entry.value.major : 0,
        minor: "minor" in entry.value ? entry.value.minor : 0,
      })
    },
    readLink(path) {
      const entry = find(path, "readlink")
      if (!entry.ok) return entry
      return entry.value.kind === "symlink"
        ? ok(entry.value.target)
        : fail(readFault(path, "readlink", "EINVAL"))
    },
    readDir(path) {
      const entry = find(path, "readdir")
      if (!entry.ok) return entry
      if (entry.value.kind !== "directory") return fail(readFault(path, "readdir", "ENOTDIR"))
      namesIn ??= listNames(tree.keys())
      return ok(namesIn.get(path) ?? [])
    },
    readFile(path, range) {
      const entry = find(path, "open")
      if (!entry.ok) return entry
      if (entry.value.kind !== "file") return fail(readFault(path, "read", "EINVAL"))
      const bytes = bytesOf(entry.value.content)
      return ok(
        range === undefined
          ? bytes
          : bytes.subarray(range.offsetBytes, range.offsetBytes + range.lengthBytes),
      )
    },
    livePath: () => undefined,
  }
}

/** Names by the directory that they lie in, sorted. */
function listNames(paths: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const namesIn = new Map<string, string[]>()
  for (const path of paths) {
    if (path === "/") continue
    const names = namesIn.get(parentPath(path))
    if (names === undefined) namesIn.set(parentPath(path), [baseName(path)])
    else names.push(baseName(path))
  }
  for (const names of namesIn.values()) names.sort()
  return namesIn
}
