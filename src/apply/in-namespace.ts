/**
 * The in-namespace applier: does a plan's edits to a container that was created but not started, from the hook's own process.
 *   1. in the host's mount namespace: detached mounts of every source, each checked and given its attributes; covers; cgroup rules
 *   2. in the container's: every place resolved in its root by descriptor, covers and mounts moved there, links and files written
 * Device nodes are bind mounts of the host's: that works in user namespaces too, and keeps the container's own capability to
 * make nodes out of it. No child process, no shell, no ldconfig. When an edit fails, the engine takes the container down with
 * its namespaces and its cgroup; what is left in the root are empty files and directories to mount on.
 */

import { closeSync, lstatSync, statSync } from "node:fs"
import { type Fault, fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { flagsOf } from "../core/ldcache/ldcache.ts"
import { mergeMuslPath } from "../core/ldcache/musl-path.ts"
import { mergeLdcache } from "../core/ldcache/render-ldcache.ts"
import type { Edit, FileEdit, LdcacheEdit, MuslPathEdit, SymlinkEdit } from "../core/plan/edit.ts"
import { baseName, parentPath } from "../core/text/path.ts"
import { decodeUtf8, encodeUtf8 } from "../core/text/utf8.ts"
import { errnoOf } from "../linux/checked.ts"
import {
  actAs,
  ensureDirectory,
  linkAt,
  openMountTarget,
  openRoot,
  type Root,
  readInRoot,
  writeFileAt,
} from "../linux/in-root.ts"
import { attachMount } from "../linux/mounts.ts"
import { enterMountNamespace, openMountNamespace } from "../linux/namespace.ts"
import { type Cover, isBelow, prepareCover } from "./covers.ts"
import { type Prepared, prepareMounts } from "./detached-mounts.ts"
import { applyDeviceRules } from "./device-cgroup.ts"

export interface AppliedContainer {
  readonly pid: bigint
  /** Absolute path of the root file system, as the container's mount namespace has it. */
  readonly rootPath: string
}

export interface Applied {
  /** What could not be done and does not hinder the start. */
  readonly findings: readonly Finding[]
}

const procDirectory = "/proc/driver/nvidia"
/** Ten times the cache of a machine with five thousand libraries. Units: bytes. */
const cacheLimitBytes = 8 * 1024 * 1024
/** A list of directories, one a line. Units: bytes. */
const muslPathLimitBytes = 64 * 1024

/** Where the container's root lies for a process that is not in its mount namespace. */
export const rootOf = ({ pid, rootPath }: AppliedContainer): string => `/proc/${pid}/root${rootPath}`

/** Faults: SystemCallFailed, MountTargetHostile, DeviceNodeChanged, HostNotLive, CgroupNotFound, DeviceProgramUnreadable. */
export function applyInNamespace(
  planned: readonly Edit[],
  host: HostFiles,
  container: AppliedContainer,
): Result<Applied> {
  const { pid, rootPath } = container
  const namespace = openMountNamespace(pid)
  if (!namespace.ok) return namespace
  const { uid, gid } = statSync(`/proc/${pid}`)
  const findings: Finding[] = []
  const edits = withoutProcView(planned, findings)
  const mounts = prepareMounts(
    edits.filter((edit) => edit.kind === "deviceNode" || edit.kind === "mount"),
    host,
    findings,
  )
  if (!mounts.ok) return mounts
  const covers = prepareCovers(edits, mounts.value)
  if (!covers.ok) return covers
  const ruled = applyDeviceRules(
    pid,
    edits.filter((edit) => edit.kind === "cgroupRule"),
  )
  if (!ruled.ok) return ruled
  for (const edit of edits) if (edit.kind === "gid" || edit.kind === "env") findings.push(comesTooLate(edit))

  const entered = enterMountNamespace(namespace.value, `/proc/${pid}/ns/mnt`)
  if (!entered.ok) return entered
  const root = openRoot(rootPath, { uid, gid })
  if (!root.ok) return root
  actAs(root.value.owner)
  const changed = changeRoot(root.value, { mounts: mounts.value, covers: covers.value, edits }, findings)
  actAs({ uid: 0, gid: 0 })
  return changed.ok ? ok({ findings }) : changed
}

function prepareCovers(edits: readonly Edit[], mounts: readonly Prepared[]): Result<readonly Cover[]> {
  const files = edits.filter((edit) => edit.kind === "file")
  const covers: Cover[] = []
  for (const edit of edits) {
    if (edit.kind !== "cover") continue
    const made = prepareCover(edit, files, mounts)
    if (!made.ok) return made
    covers.push(made.value)
  }
  return ok(covers)
}

const comesTooLate = (edit: Extract<Edit, { readonly kind: "gid" | "env" }>): Finding => ({
  severity: "note",
  fault: fault("ProcessFixed", {
    what: edit.kind === "gid" ? `group ${edit.gid}` : `variable ${edit.name}`,
  }),
  evidence: [],
})

interface Change {
  readonly mounts: readonly Prepared[]
  readonly covers: readonly Cover[]
  readonly edits: readonly Edit[]
}

/** Attaches covers and mounts, then writes links, files and what loaders read. */
function changeRoot(root: Root, { mounts, covers, edits }: Change, findings: Finding[]): Result<true> {
  const parents = new Map<string, number>()
  const absent = covers.filter((cover) => !attachCover(root, cover, parents, findings))
  for (const one of mounts) {
    if (absent.some(({ path }) => isBelow(one.target, path))) continue
    const attached = attach(root, one, parents)
    if (attached.ok) continue
    if (!one.isOptional) return attached
    findings.push(notWritten(one.target, attached.fault))
  }
  for (const edit of edits) {
    const written = write(root, edit, covers, parents)
    if (written === undefined || written.ok) continue
    const errno = errnoOf(written)
    if (errno === undefined || !unwritable.has(errno)) return written
    findings.push(notWritten(writtenPath(edit), written.fault))
  }
  return ok(true)
}

/** A place that cannot be written costs what it is for, not the start. */
const unwritable: ReadonlySet<string> = new Set([
  "EROFS",
  "EBUSY",
  "EACCES",
  "EPERM",
  "EEXIST",
  "EISDIR",
  "ENOTDIR",
])

const notWritten = (path: string, cause: Fault): Finding => ({
  severity: "warning",
  fault: fault("ContainerPlaceReadOnly", { path, consequence: consequenceOf(path) }, cause),
  evidence: [`${path}: ${errnoOf({ ok: false, fault: cause }) ?? "is not what it must be"}`],
})

function consequenceOf(path: string): string {
  if (path.startsWith("/dev/dri/")) return "programs do not find a DRM node by its place on the bus"
  if (path.startsWith("/etc/nvidia/")) return "EGL counts GPUs that the container does not have"
  if (path.startsWith("/etc/ld") || path.includes("/lib"))
    return "its loader may not find the driver's libraries"
  return "programs that look for it there do not find the machine's"
}

const writtenPath = (edit: Edit): string => ("path" in edit ? edit.path : "")

/**
 * Where the kernel has no NVIDIA module, the container's proc has no such directory either: found out before anything is made,
 * because the kernel takes its time to take a mount down that nobody has attached.
 */
function withoutProcView(edits: readonly Edit[], findings: Finding[]): readonly Edit[] {
  if (lstatSync(procDirectory, { throwIfNoEntry: false }) !== undefined) return edits
  const rest = edits.filter((edit) => {
    if (edit.kind === "cover") return edit.path !== procDirectory
    const place = edit.kind === "mount" ? edit.containerPath : edit.kind === "file" ? edit.path : ""
    return !isBelow(place, procDirectory)
  })
  if (rest.length < edits.length) findings.push(procViewAbsent())
  return rest
}

const procViewAbsent = (cause?: Fault): Finding => ({
  severity: "note",
  fault: fault("ProcViewAbsent", {}, cause),
  evidence: [`${procDirectory}: absent`],
})

/** No cover is worth a start: an engine may hide the directory from the container, an image may have something else there. */
function attachCover(
  root: Root,
  { mount, path }: Cover,
  parents: Map<string, number>,
  findings: Finding[],
): boolean {
  const attached = attach(root, { mount, target: path, kind: "directory", isOptional: true }, parents)
  if (!attached.ok)
    findings.push(path === procDirectory ? procViewAbsent(attached.fault) : notWritten(path, attached.fault))
  return attached.ok
}

/** Descriptor of a directory, opened once for all that goes into it. */
function parentOf(root: Root, path: string, parents: Map<string, number>): Result<number> {
  const directory = parentPath(path)
  const known = parents.get(directory)
  if (known !== undefined) return ok(known)
  const opened = ensureDirectory(root, directory)
  if (opened.ok) parents.set(directory, opened.value)
  return opened
}

function attach(root: Root, { mount, target, kind }: Prepared, parents: Map<string, number>): Result<true> {
  const parent = parentOf(root, target, parents)
  if (!parent.ok) return parent
  const place = openMountTarget(root, parent.value, target, kind)
  if (!place.ok) return place
  const attached = attachMount(mount, place.value, target)
  closeSync(place.value)
  closeSync(mount)
  return attached.ok ? ok(true) : attached
}

/** undefined: nothing is written for this edit. */
function write(
  root: Root,
  edit: Edit,
  covers: readonly Cover[],
  parents: Map<string, number>,
): Result<true> | undefined {
  switch (edit.kind) {
    case "symlink":
      return writeLink(root, edit, parents)
    case "ldcache":
      return writeCache(root, edit, parents)
    case "muslPath":
      return writeMuslPath(root, edit, parents)
    case "file":
      return covers.some(({ path }) => isBelow(edit.path, path)) ? undefined : writeFile(root, edit, parents)
    default:
      return undefined
  }
}

function writeLink(root: Root, edit: SymlinkEdit, parents: Map<string, number>): Result<true> {
  const parent = parentOf(root, edit.path, parents)
  return parent.ok ? linkAt(parent.value, baseName(edit.path), edit.target, root.owner) : parent
}

function writeFile(root: Root, { path, text, mode }: FileEdit, parents: Map<string, number>): Result<true> {
  const parent = parentOf(root, path, parents)
  return parent.ok ? writeFileAt(parent.value, baseName(path), encodeUtf8(text), mode, root.owner) : parent
}

function writeCache(root: Root, edit: LdcacheEdit, parents: Map<string, number>): Result<true> {
  const entries = edit.entries.flatMap(({ soname, path, machine }) =>
    machine === "other" ? [] : [{ soname, path, flags: flagsOf[machine], osVersion: 0, hwcap: 0n }],
  )
  const merged = mergeLdcache(readInRoot(root, edit.path, cacheLimitBytes), entries)
  if (!merged.ok) return merged
  const parent = parentOf(root, edit.path, parents)
  return parent.ok ? writeFileAt(parent.value, baseName(edit.path), merged.value, 0o644, root.owner) : parent
}

function writeMuslPath(root: Root, edit: MuslPathEdit, parents: Map<string, number>): Result<true> {
  const present = readInRoot(root, edit.path, muslPathLimitBytes)
  const text = mergeMuslPath(present === undefined ? undefined : decodeUtf8(present), edit.directories)
  if (text === undefined) return ok(true)
  const parent = parentOf(root, edit.path, parents)
  return parent.ok
    ? writeFileAt(parent.value, baseName(edit.path), encodeUtf8(text), 0o644, root.owner)
    : parent
}
