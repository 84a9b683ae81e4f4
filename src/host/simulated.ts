/**
 * A directory that stands for a machine: `DIR/proc`, `DIR/sys`, `DIR/dev`, `DIR/usr` … Where nodes could not be made (not root),
 * the directory's manifest says what they would be.
 */

import { fail, ok } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
import { readFault } from "../core/host/resolve-path.ts"
import { cleanPath } from "../core/text/path.ts"
import { withNvml } from "./ask-nvml.ts"
import { lstatAt, readDirAt, readFileAt, readLinkAt } from "./file-system.ts"
import { createTreeHost } from "./tree-host.ts"

export const manifestName = ".gantry-simulated.json"

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
    (impliedOwners === undefined || (typeof impliedOwners === "object" && impliedOwners !== null))
  )
}

const isNodeNumbers = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  ["major", "minor", "mode"].every((name) =>
    Number.isInteger((value as Readonly<Record<string, unknown>>)[name]),
  )

export function createSimulatedHost(directory: string): Host {
  const { impliedNodes = {}, impliedOwners = {}, denied = [] } = readManifest(directory) ?? {}
  const place = (path: string): string => `${directory}${path === "/" ? "" : path}`
  const isDenied = (path: string): boolean => denied.some((one) => path === one || path.startsWith(`${one}/`))
  return withNvml(
    createTreeHost(
      { kind: "simulated", name: directory },
      {
        lstat(path) {
          const node = Object.hasOwn(impliedNodes, path) ? impliedNodes[path] : undefined
          if (node !== undefined) return ok({ kind: "character", uid: 0, gid: 0, sizeBytes: 0, ...node })
          const stat = lstatAt(place(path), path)
          const owner = Object.hasOwn(impliedOwners, path) ? impliedOwners[path] : undefined
          return stat.ok && owner !== undefined ? ok({ ...stat.value, uid: owner[0], gid: owner[1] }) : stat
        },
        readLink: (path) => readLinkAt(place(path), path),
        readDir: (path) =>
          isDenied(path) ? fail(readFault(path, "readdir", "EACCES")) : readDirAt(place(path), path),
        readFile: (path, range) =>
          isDenied(path) ? fail(readFault(path, "open", "EACCES")) : readFileAt(place(path), path, range),
        livePath: place,
      },
    ),
  )
}
