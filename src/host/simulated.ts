/**
 * A directory that stands for a machine: `DIR/proc`, `DIR/sys`, `DIR/dev`, `DIR/usr` … Where nodes could not be made (not root),
 * the directory's manifest says what they would be.
 */

import { readFileSync } from "node:fs"
import { ok } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
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
  readonly impliedNodes: Readonly<
    Record<string, { readonly major: number; readonly minor: number; readonly mode: number }>
  >
}

/** undefined: no manifest of ours lies there. */
export function readManifest(directory: string): Manifest | undefined {
  try {
    const parsed = JSON.parse(readFileSync(`${directory}/${manifestName}`, "utf8")) as Partial<Manifest>
    return parsed.kind === "gantry-simulated-machine" && parsed.version === 1
      ? (parsed as Manifest)
      : undefined
  } catch {
    return undefined
  }
}

export function createSimulatedHost(directory: string): Host {
  const implied = readManifest(directory)?.impliedNodes ?? {}
  const place = (path: string): string => `${directory}${path === "/" ? "" : path}`
  return createTreeHost(
    { kind: "simulated", name: directory },
    {
      lstat(path) {
        const node = Object.hasOwn(implied, path) ? implied[path] : undefined
        return node === undefined
          ? lstatAt(place(path), path)
          : ok({ kind: "character", uid: 0, gid: 0, sizeBytes: 0, ...node })
      },
      readLink: (path) => readLinkAt(place(path), path),
      readDir: (path) => readDirAt(place(path), path),
      readFile: (path, range) => readFileAt(place(path), path, range),
      livePath: place,
    },
  )
}
