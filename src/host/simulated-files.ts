/**
 * A directory that stands for a machine: `DIR/proc`, `DIR/sys`, `DIR/dev`, `DIR/usr` … Where nodes could not be made (not root),
 * the directory's manifest says what they would be.
 */

import { resolve } from "node:path"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { FileStat, HostFiles } from "../core/host/host.ts"
import { readFault } from "../core/host/resolve-path.ts"
import { cleanPath } from "../core/text/path.ts"
import { lstatAt, readDirAt, readFileAt, readLinkAt } from "./files/file-system.ts"
import { createTreeHost, type Tree } from "./tree-host.ts"

export const manifestName = ".gantry-simulated.json"
/** A larger one is neither written nor read. Units: bytes. */
export const manifestSizeLimit = 32 * 1024 * 1024

export interface Manifest {
  readonly version: 1
  readonly kind: "gantry-simulated-machine"
  readonly model: string
  readonly driverVersion: string
  readonly gpus: number
  /** Everything that was made, deepest last. */
  readonly paths: readonly string[]
  /** Nodes that stand as plain files, because only root may make nodes. */
  readonly impliedNodes: Readonly<Record<string, ImpliedNode>>
  /** Owners that could not be given, because only root may: user and group by path. */
  readonly impliedOwners?: Readonly<Record<string, readonly [uid: number, gid: number]>>
  /** Paths that answer "permission denied", whoever asks. */
  readonly denied?: readonly string[]
}

export interface ImpliedNode {
  readonly major: number
  readonly minor: number
  readonly mode: number
  readonly uid?: number
  readonly gid?: number
}

/** undefined: no manifest of ours lies there. What it says is checked: whoever can write it must not choose what is removed. */
export function readManifest(directory: string): Manifest | undefined {
  const bytes = readFileAt(`${directory}/${manifestName}`, manifestName, undefined)
  if (!bytes.ok) return undefined
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes.value))
    return isManifest(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null) return false
  const { version, kind, paths, impliedNodes, impliedOwners, denied } = value as Readonly<
    Record<string, unknown>
  >
  return (
    version === 1 &&
    kind === "gantry-simulated-machine" &&
    Array.isArray(paths) &&
    paths.every(
      (path) => typeof path === "string" && path !== "/" && path.startsWith("/") && cleanPath(path) === path,
    ) &&
    typeof impliedNodes === "object" &&
    impliedNodes !== null &&
    Object.values(impliedNodes).every(isNodeNumbers) &&
    (denied === undefined || (Array.isArray(denied) && denied.every((path) => typeof path === "string"))) &&
    (impliedOwners === undefined ||
      (typeof impliedOwners === "object" &&
        impliedOwners !== null &&
        Object.values(impliedOwners).every(isOwner)))
  )
}

const isOwner = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((number) => Number.isInteger(number))

const isNodeNumbers = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  ["major", "minor", "mode"].every((name) =>
    Number.isInteger((value as Readonly<Record<string, unknown>>)[name]),
  )

/** The machine but for NVML. */
export function createSimulatedFiles(directory: string): HostFiles {
  // What is remembered of it, and children of ours that work elsewhere, know it by this name.
  const root = resolve(directory)
  const { impliedNodes = {}, impliedOwners = {}, denied = [] } = readManifest(root) ?? {}
  // Who has the directory is root there: a user cannot give files away, and means them as the machine's own.
  const own = lstatAt(root, root)
  const maker = own.ok ? own.value : { uid: 0, gid: 0 }
  const place = (path: string): string => (root === "/" ? path : `${root}${path === "/" ? "" : path}`)
  const isBelowDenied = (path: string): boolean => denied.some((one) => path.startsWith(`${one}/`))
  const unlessDenied = <T>(
    isRefused: boolean,
    path: string,
    syscall: string,
    ask: () => Result<T>,
  ): Result<T> => (isRefused ? fail(readFault(path, syscall, "EACCES")) : ask())
  const isDenied = (path: string): boolean => denied.includes(path) || isBelowDenied(path)
  const tree: Tree = {
    // As with a directory that may not be entered: it is seen itself, and nothing in it.
    lstat: (path) => unlessDenied(isBelowDenied(path), path, "lstat", () => lstat(path)),
    readLink: (path) =>
      unlessDenied(isBelowDenied(path), path, "readlink", () => readLinkAt(place(path), path)),
    readDir: (path) => unlessDenied(isDenied(path), path, "readdir", () => readDirAt(place(path), path)),
    readFile: (path, range) =>
      unlessDenied(isDenied(path), path, "open", () => readFileAt(place(path), path, range)),
    livePath: place,
  }
  const lstat = (path: string): Result<FileStat> => {
    const stat = lstatAt(place(path), path)
    if (!stat.ok) return stat
    // The plain file that stands in a node's place must be there: whoever takes it away takes the node away.
    const node = Object.hasOwn(impliedNodes, path) ? impliedNodes[path] : undefined
    if (node !== undefined && stat.value.kind === "file")
      return ok({ ...stat.value, kind: "character", uid: 0, gid: 0, sizeBytes: 0, ...node })
    const owner = Object.hasOwn(impliedOwners, path) ? impliedOwners[path] : undefined
    const { uid, gid } = stat.value
    const [ownUid, ownGid] = owner ?? [uid === maker.uid ? 0 : uid, gid === maker.gid ? 0 : gid]
    return ok({ ...stat.value, uid: ownUid, gid: ownGid })
  }
  return createTreeHost({ kind: "simulated", name: root }, tree)
}
