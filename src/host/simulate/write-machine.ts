/** Makes a described machine on disk and takes it away again, guided by the manifest. */

import { createHash } from "node:crypto"
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { joinPath, parentPath } from "../../core/text/path.ts"
import { makeCharacterNode } from "../../linux/nodes.ts"
import { type Manifest, manifestName, readManifest } from "../simulated.ts"
import { describeMachine, type MachineShape, type Made } from "./machine.ts"

/** A UUID that depends on nothing but its name, so that machines and goldens are the same everywhere. */
export function uuidFor(name: string): string {
  const hex = createHash("sha256").update(`gantry-simulated-${name}`).digest("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  )
}

/** Faults: SimulatedPlaceTaken, SimulatedWriteFailed. A machine that stands there already is replaced. */
export function writeMachine(directory: string, shape: MachineShape): Result<Manifest> {
  if (existsSync(directory)) {
    if (readManifest(directory) !== undefined) {
      const removed = removeMachine(directory)
      if (!removed.ok) return removed
    } else if (!lstatSync(directory).isDirectory() || readdirSync(directory).length > 0)
      return fail(fault("SimulatedPlaceTaken", { directory }))
  }
  const machine = describeMachine(shape)
  const impliedNodes: Record<string, { major: number; minor: number; mode: number }> = {}
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 })
    const manifest = (): Manifest => ({
      version: 1,
      kind: "gantry-simulated-machine",
      model: shape.model.name,
      driverVersion: shape.driverVersion,
      gpus: shape.gpus,
      paths: pathsOf(machine),
      impliedNodes,
    })
    // The manifest first: a machine that was left half made can be taken away.
    writeFileSync(`${directory}/${manifestName}`, `${JSON.stringify(manifest(), null, 2)}\n`)
    for (const entry of machine) {
      mkdirSync(`${directory}${parentPath(entry.path)}`, { recursive: true, mode: 0o755 })
      writeEntry(directory, entry, impliedNodes)
    }
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

function writeEntry(
  directory: string,
  entry: Made,
  impliedNodes: Record<string, { major: number; minor: number; mode: number }>,
): void {
  const path = `${directory}${entry.path}`
  if (entry.kind === "symlink") symlinkSync(entry.target, path)
  else if (entry.kind === "file") {
    writeFileSync(path, entry.content, { mode: entry.mode, flag: "wx" })
    chmodSync(path, entry.mode)
  } else {
    const { major, minor, mode } = entry
    if (makeCharacterNode(path, major, minor, mode).ok) chmodSync(path, mode)
    else {
      writeFileSync(path, "", { mode: 0o644, flag: "wx" })
      impliedNodes[entry.path] = { major, minor, mode }
    }
  }
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
