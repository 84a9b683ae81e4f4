/**
 * A directory that stands for a machine: `DIR/proc`, `DIR/sys`, `DIR/dev`, `DIR/usr` … Where nodes could not be made (not root),
 * the directory's manifest says what they would be.
 */

import { ok } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
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
  readonly impliedNodes: Readonly<
    Record<string, { readonly major: number; readonly minor: number; readonly mode: number }>
  >
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
  const { version, kind, paths, impliedNodes } = value as Readonly<Record<string, unknown>>
  return (
    version === 1 &&
    kind === "gantry-simulated-machine" &&
    Array.isArray(paths) &&
    paths.every(
      (path) => typeof path === "string" && path !== "/" && path.startsWith("/") && cleanPath(path) === path,
    ) &&
    typeof impliedNodes === "object" &&
    impliedNodes !== null &&
    Object.values(impliedNodes).every(isNodeNumbers)
  )
}

const isNodeNumbers = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  ["major", "minor", "mode"].every((name) =>
    Number.isInteger((value as Readonly<Record<string, unknown>>)[name]),
  )

export function createSimulatedHost(directory: string): Host {
  const implied = readManifest(directory)?.impliedNodes ?? {}
  const place = (path: string): string => `${directory}${path === "/" ? "" : path}`
  return withNvml(
    createTreeHost(
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
    ),
  )
}
