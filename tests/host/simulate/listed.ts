/** The recorded listings of hosts/, and what each line says of its path, in a form that can be compared. */

import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { join } from "node:path"
import type { Host } from "../../../src/core/host/host.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { describeListedMachine, understandListing } from "../../../src/host/simulate/listed-machine.ts"
import { type ListedEntry, parseListing } from "../../../src/host/simulate/listing.ts"
import type { Made } from "../../../src/host/simulate/made.ts"
import { uuidFor } from "../../../src/host/simulate/write-machine.ts"
import { manifestName } from "../../../src/host/simulated-files.ts"

const folder = join(import.meta.dir, "../../../hosts")

/** Order: by name. */
export const listedHosts: readonly string[] = readdirSync(folder)
  .filter((name) => existsSync(join(folder, name, "listing.txt")))
  .sort()

export interface Listed {
  readonly entries: readonly ListedEntry[]
  readonly description: {
    readonly model: string
    readonly driverVersion: string
    readonly gpus: number
    readonly made: readonly Made[]
    readonly denied: readonly string[]
  }
}

export const readListed = (name: string): Listed =>
  understand(readFileSync(join(folder, name, "listing.txt"), "utf8"), join(folder, name, "listing.txt"))

export function understand(text: string, name: string): Listed {
  const entries = parseListing(text, name)
  if (!entries.ok) throw new Error(JSON.stringify(entries.fault))
  const options = { name, model: undefined, migDevices: undefined, uuidFor }
  const machine = understandListing(entries.value, options)
  const { model, driverVersion, gpus } = machine
  const made = describeListedMachine(machine)
  return {
    entries: entries.value,
    description: { model: model.name, driverVersion, gpus: gpus.length, made, denied: [] },
  }
}

/** The line that the entry came from. */
export function lineOf(entry: ListedEntry): string {
  if (entry.kind === "link") return `link ${entry.path} -> ${entry.target}`
  const extent =
    entry.kind === "file" ? entry.sizeBytes : entry.kind === "char" ? `${entry.major}:${entry.minor}` : "-"
  return `${entry.kind} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${extent} ${entry.path}`
}

/** The line that the directory entry on disk would have. */
export function lineOnDisk(directory: string, path: string): string {
  const stat = lstatSync(join(directory, path))
  if (stat.isSymbolicLink()) return `link ${path} -> ${readlinkSync(join(directory, path))}`
  const kind = stat.isDirectory() ? "dir" : stat.isFile() ? "file" : stat.isSocket() ? "sock" : "char"
  const numbers = `${(stat.rdev >> 8) & 0xfff}:${(stat.rdev & 0xff) | ((stat.rdev >> 12) & 0xfff00)}`
  const extent = kind === "file" ? stat.size : kind === "char" ? numbers : "-"
  return `${kind} ${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid} ${extent} ${path}`
}

const kindNames: Readonly<Record<string, string>> = { directory: "dir", character: "char", socket: "sock" }

/** The line that the machine's Host tells. */
export function lineFromHost(host: Host, path: string): string {
  const stat = host.lstat(hostPath(path))
  if (!stat.ok) return `${JSON.stringify(stat.fault.data)} ${path}`
  const { kind, mode, uid, gid, sizeBytes, major, minor } = stat.value
  if (kind === "symlink") {
    const target = host.readLink(hostPath(path))
    return `link ${path} -> ${target.ok ? target.value : "?"}`
  }
  const extent = kind === "file" ? sizeBytes : kind === "character" ? `${major}:${minor}` : "-"
  return `${kindNames[kind] ?? kind} ${mode.toString(8)} ${uid}:${gid} ${extent} ${path}`
}

/** Every path below a directory but the manifest; links are not followed. Order: by path. */
export function pathsBelow(directory: string, below = ""): readonly string[] {
  const found = readdirSync(`${directory}${below}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${below}/${entry.name}`
    return entry.isDirectory() ? [path, ...pathsBelow(directory, path)] : [path]
  })
  return found.filter((path) => path !== `/${manifestName}`).sort()
}

/** The listing's paths and the directories above them. Order: by path. */
export function pathsOf(entries: readonly ListedEntry[]): readonly string[] {
  const paths = new Set<string>()
  for (const { path } of entries) {
    const names = path.split("/")
    for (let depth = 2; depth <= names.length; depth++) paths.add(names.slice(0, depth).join("/"))
  }
  return [...paths].sort()
}
