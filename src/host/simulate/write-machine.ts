/**
 * Makes a described machine on disk. Its manifest says what was made; remove-machine.ts goes by it. Commands that look at a machine load
 * its NVML, root's among them: at no moment may anybody but its maker write where the description does not say so.
 */

import { createHash } from "node:crypto"
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname } from "node:path"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { makeCharacterNode, makeSocketFile } from "../../linux/nodes.ts"
import {
  type ImpliedNode,
  type Manifest,
  manifestName,
  manifestSizeLimit,
  readManifest,
} from "../simulated-files.ts"
import type { Made } from "./made.ts"
import { removeMachine } from "./remove-machine.ts"

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

interface Writing {
  readonly directory: string
  /** Directories of the machine that were made or proved to be no links. */
  readonly directories: Set<string>
  readonly impliedNodes: Record<string, ImpliedNode>
  readonly impliedOwners: Record<string, readonly [uid: number, gid: number]>
}

/** Faults: SimulatedPlaceTaken, SimulatedWriteFailed. A machine that stands there already is replaced. */
export function writeMachine(directory: string, machine: MachineDescription): Result<Manifest> {
  const { model, driverVersion, gpus, made, denied } = machine
  const writing: Writing = {
    directory,
    directories: new Set(["/"]),
    impliedNodes: {},
    impliedOwners: {},
  }
  const { impliedNodes, impliedOwners } = writing
  const paths = pathsOf(made)
  const manifest = (): Manifest => ({
    version: 1,
    kind: "gantry-simulated-machine",
    model,
    driverVersion,
    gpus,
    paths,
    impliedNodes,
    impliedOwners,
    denied,
  })
  try {
    const isFree = clearPlace(directory)
    if (!isFree.ok) return isFree
    ownPlace(directory)
    // The manifest first: a machine that was left half made can be taken away.
    writeManifest(directory, manifest())
    // Directories before what lies in them; links last, so that nothing is made through one.
    for (const kinds of [["directory"], ["file", "node", "socket"], ["symlink"]])
      for (const entry of made) if (kinds.includes(entry.kind)) writeEntry(writing, entry)
    // A directory's own mode at the end, the innermost first: it may forbid writing, and going in.
    for (const entry of [...made].sort((one, other) => (one.path < other.path ? 1 : -1)))
      if (entry.kind === "directory") chmodSync(`${directory}${entry.path}`, entry.mode)
    writeManifest(directory, manifest())
    return ok(manifest())
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return fail(fault("SimulatedWriteFailed", { directory, problem }))
  }
}

/** An earlier machine is taken away; anything else that lies there is in the way. */
function clearPlace(directory: string): Result<unknown> {
  if (!existsSync(directory)) return ok(true)
  if (readManifest(directory) !== undefined) return removeMachine(directory)
  const isEmpty = lstatSync(directory).isDirectory() && readdirSync(directory).every(isUnfinished)
  return isEmpty ? ok(true) : fail(fault("SimulatedPlaceTaken", { directory }))
}

/** The machine's root, whatever the umask, and whatever the mode of an empty directory that stood there: nobody else changes it. */
function ownPlace(directory: string): void {
  const stat = lstatSync(directory, { throwIfNoEntry: false })
  if (stat === undefined) {
    mkdirSync(dirname(directory), { recursive: true, mode: 0o755 })
    mkdirSync(directory, 0o755)
  } else if ((stat.mode & writableByOthers) !== 0) {
    chmodSync(directory, stat.mode & 0o7777 & ~writableByOthers)
    // Until now others could put something there.
    if (!readdirSync(directory).every(isUnfinished)) throw new Error("others may write there, and one did")
  }
}

const writableByOthers = 0o022

/** A manifest that was being written when its writer was killed. */
const isUnfinished = (name: string): boolean => name === temporaryManifest
const temporaryManifest = `${manifestName}.new`

/** Renamed into its place: killed at any moment, there is the old one, the new one, or none and nothing made yet. */
function writeManifest(directory: string, manifest: Manifest): void {
  const text = encodeUtf8(`${JSON.stringify(manifest, null, 2)}\n`)
  if (text.length > manifestSizeLimit) throw new Error("more paths than a manifest has room for")
  const temporary = `${directory}/${temporaryManifest}`
  rmSync(temporary, { force: true })
  writeFileSync(temporary, text, { mode: 0o644, flag: "wx" })
  renameSync(temporary, `${directory}/${manifestName}`)
}

/** Step by step: whatever stands there already and is a link leads elsewhere, and nothing is made there. */
function ensureDirectory(writing: Writing, path: string): void {
  const { directory, directories } = writing
  if (directories.has(path)) return
  ensureDirectory(writing, parentPath(path))
  const place = `${directory}${path}`
  const stat = lstatSync(place, { throwIfNoEntry: false })
  if (stat === undefined) {
    mkdirSync(place, 0o755)
    chmodSync(place, 0o755) // the umask may have taken something away
  } else if (!stat.isDirectory()) throw new Error(`${path} stands there and is not a directory`)
  directories.add(path)
}

function writeEntry(writing: Writing, entry: Made): void {
  const path = `${writing.directory}${entry.path}`
  ensureDirectory(writing, entry.kind === "directory" ? entry.path : parentPath(entry.path))
  let isImplied = false
  switch (entry.kind) {
    case "directory":
      break
    case "symlink":
      symlinkSync(entry.target, path)
      break
    case "file":
      writeContent(path, entry)
      break
    case "socket":
      if (!makeSocketFile(path, entry.mode).ok) throw new Error(`${entry.path}: a socket cannot be made here`)
      break
    case "node": {
      const { major, minor, mode, uid = 0, gid = 0 } = entry
      isImplied = !makeCharacterNode(path, major, minor, mode).ok
      if (!isImplied) break
      writeFileSync(path, "", { mode: 0o644, flag: "wx" })
      writing.impliedNodes[entry.path] = { major, minor, mode, uid, gid }
    }
  }
  if (!isImplied) giveOwner(path, entry, writing)
  // After the owner, whose change takes set-user-ID away; a directory's comes when everything lies in it.
  if (!isImplied && entry.kind !== "symlink" && entry.kind !== "directory") chmodSync(path, entry.mode)
}

function writeContent(path: string, entry: Extract<Made, { readonly kind: "file" }>): void {
  const { content, sizeBytes = content.length, isPadded = false } = entry
  const descriptor = openSync(path, "wx", 0o600)
  try {
    writeFileSync(descriptor, content.subarray(0, sizeBytes))
    if (isPadded && sizeBytes > content.length)
      writeFileSync(descriptor, new Uint8Array(sizeBytes - content.length).fill(10))
    ftruncateSync(descriptor, sizeBytes)
  } finally {
    closeSync(descriptor)
  }
}

/** Whoever may not give it to its owner (anybody but root, or root of a user namespace) says whose it would be. */
function giveOwner(path: string, { path: shown, uid = 0, gid = 0 }: Made, { impliedOwners }: Writing): void {
  const stat = lstatSync(path)
  if (stat.uid === uid && stat.gid === gid) return
  try {
    lchownSync(path, uid, gid)
  } catch {
    impliedOwners[shown] = [uid, gid]
  }
}

/** Every path and every directory above it, directories before what lies in them. */
function pathsOf(machine: readonly Made[]): readonly string[] {
  const paths = new Set<string>()
  for (const { path } of machine)
    for (let place = path; place !== "/" && !paths.has(place); place = parentPath(place)) paths.add(place)
  return [...paths].sort()
}
