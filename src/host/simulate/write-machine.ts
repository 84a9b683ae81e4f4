/** Makes a described machine on disk and takes it away again, guided by the manifest. */

import { createHash } from "node:crypto"
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { joinPath, parentPath } from "../../core/text/path.ts"
import { makeCharacterNode, makeSocketFile } from "../../linux/nodes.ts"
import { type ImpliedNode, type Manifest, manifestName, readManifest } from "../simulated.ts"
import type { Made } from "./made.ts"

/** A UUID that depends on nothing but its name, so that machines and goldens are the same everywhere. */
export function uuidFor(name: string): string {
  const hex = createHash("sha256").update(`gantry-simulated-${name}`).digest("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  )
}

/** A machine to be made. */
export interface MachineDescription {
  readonly model: string
  readonly driverVersion: string
  readonly gpus: number
  readonly made: readonly Made[]
  readonly denied: readonly string[]
}

interface Implied {
  readonly nodes: Record<string, ImpliedNode>
  readonly owners: Record<string, readonly [uid: number, gid: number]>
}

/** Faults: SimulatedPlaceTaken, SimulatedWriteFailed. A machine that stands there already is replaced. */
export function writeMachine(directory: string, machine: MachineDescription): Result<Manifest> {
  if (existsSync(directory)) {
    if (readManifest(directory) !== undefined) {
      const removed = removeMachine(directory)
      if (!removed.ok) return removed
    } else if (!lstatSync(directory).isDirectory() || readdirSync(directory).length > 0)
      return fail(fault("SimulatedPlaceTaken", { directory }))
  }
  const implied: Implied = { nodes: {}, owners: {} }
  const { model, driverVersion, gpus, made, denied } = machine
  const manifest = (): Manifest => ({
    version: 1,
    kind: "gantry-simulated-machine",
    model,
    driverVersion,
    gpus,
    paths: pathsOf(made),
    impliedNodes: implied.nodes,
    impliedOwners: implied.owners,
    denied,
  })
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 })
    // The manifest first: a machine that was left half made can be taken away.
    writeFileSync(`${directory}/${manifestName}`, `${JSON.stringify(manifest(), null, 2)}\n`)
    // Directories before what lies in them; links last, so that nothing is made through one.
    for (const kinds of [["directory"], ["file", "node", "socket"], ["symlink"]])
      for (const entry of made) if (kinds.includes(entry.kind)) writeEntry(directory, entry, implied)
    // A directory's own mode at the end: it may forbid writing.
    for (const entry of made)
      if (entry.kind === "directory") chmodSync(`${directory}${entry.path}`, entry.mode)
    writeFileSync(`${directory}/${manifestName}`, `${JSON.stringify(manifest(), null, 2)}\n`)
    return ok(manifest())
  } catch (error) {
    return fail(
      fault("SimulatedWriteFailed", {
        directory,
        problem: error instanceof Error ? error.message : String(error),
      }),
    )
  }
}

function writeEntry(directory: string, entry: Made, implied: Implied): void {
  const path = `${directory}${entry.path}`
  mkdirSync(entry.kind === "directory" ? path : `${directory}${parentPath(entry.path)}`, {
    recursive: true,
    mode: 0o755,
  })
  switch (entry.kind) {
    case "directory":
      break
    case "symlink":
      symlinkSync(entry.target, path)
      break
    case "file":
      writeFileSync(path, entry.content, { mode: entry.mode, flag: "wx" })
      if (entry.sizeBytes !== undefined) truncateSync(path, entry.sizeBytes)
      chmodSync(path, entry.mode)
      break
    case "socket": {
      const socket = makeSocketFile(path, entry.mode)
      if (!socket.ok) throw new Error(`${entry.path}: a socket cannot be made here`)
      chmodSync(path, entry.mode)
      break
    }
    case "node": {
      const { major, minor, mode, uid = 0, gid = 0 } = entry
      if (makeCharacterNode(path, major, minor, mode).ok) chmodSync(path, mode)
      else {
        writeFileSync(path, "", { mode: 0o644, flag: "wx" })
        implied.nodes[entry.path] = { major, minor, mode, uid, gid }
        return
      }
    }
  }
  giveOwner(path, entry, implied)
}

/** root's files are root's when root makes them; anybody else can only say whose they would be. */
function giveOwner(path: string, { path: shown, uid = 0, gid = 0 }: Made, implied: Implied): void {
  if (process.getuid?.() !== 0) {
    implied.owners[shown] = [uid, gid]
    return
  }
  if (uid !== 0 || gid !== 0) lchownSync(path, uid, gid)
}

/** Every path and every directory above it, directories before what lies in them. */
function pathsOf(machine: readonly Made[]): readonly string[] {
  const paths = new Set<string>()
  for (const { path } of machine) {
    const parts = path.slice(1).split("/")
    for (let depth = 1; depth <= parts.length; depth++) paths.add(`/${parts.slice(0, depth).join("/")}`)
  }
  return [...paths].sort()
}

/** Takes away what the manifest names and nothing else. Faults: SimulatedMachineUnknown, SimulatedWriteFailed. */
export function removeMachine(directory: string): Result<{ readonly kept: readonly string[] }> {
  const manifest = readManifest(directory)
  if (manifest === undefined) return fail(fault("SimulatedMachineUnknown", { directory }))
  const kept: string[] = []
  try {
    const base = realpathSync(directory)
    for (const path of [...manifest.paths].sort().reverse()) {
      const place = `${directory}${path}`
      if (!existsSync(parentPath(place))) continue
      // A directory that has become a link leads elsewhere, where nothing is ours.
      if (realpathSync(parentPath(place)) !== joinPath(base, parentPath(path))) {
        kept.push(path)
        continue
      }
      const stat = lstatSync(place, { throwIfNoEntry: false })
      if (stat === undefined) continue
      if (!stat.isDirectory()) rmSync(place)
      else if (readdirSync(place).length === 0) rmdirSync(place)
      else kept.push(path)
    }
    rmSync(`${directory}/${manifestName}`)
    if (readdirSync(directory).length === 0) rmdirSync(directory)
    return ok({ kept })
  } catch (error) {
    return fail(
      fault("SimulatedWriteFailed", {
        directory,
        problem: error instanceof Error ? error.message : String(error),
      }),
    )
  }
}
