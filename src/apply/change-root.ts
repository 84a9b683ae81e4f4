/**
 * Changes a container's root, from within its mount namespace: covers and mounts are attached, links and files are written. Every place is
 * resolved in the root by descriptor. What containers work without fails nothing: it becomes a finding.
 */

import { closeSync } from "node:fs"
import { type Fault, fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { ok, type Result } from "../core/fault/result.ts"
import { flagsOf } from "../core/ldcache/ldcache.ts"
import { mergeMuslPath } from "../core/ldcache/musl-path.ts"
import { mergeLdcache } from "../core/ldcache/render-ldcache.ts"
import type { Edit, FileEdit, LdcacheEdit, MuslPathEdit, SymlinkEdit } from "../core/plan/edit.ts"
import { baseName, parentPath } from "../core/text/path.ts"
import { decodeUtf8, encodeUtf8 } from "../core/text/utf8.ts"
import { errnoOf } from "../linux/checked.ts"
import {
  checkShortage,
  ensureDirectory,
  linkAt,
  openMountTarget,
  type Root,
  readInRoot,
  writeFileAt,
} from "../linux/in-root.ts"
import { attachMount } from "../linux/mounts.ts"
import { type Cover, isBelow } from "./covers.ts"
import type { DetachedMount } from "./detached-mounts.ts"

/** The driver's directory in proc, which an engine may hide. */
export const procDirectory = "/proc/driver/nvidia"
/** Ten times the cache of a machine with five thousand libraries. Units: bytes. */
const cacheLimitBytes = 8 * 1024 * 1024
/** A list of directories, one a line. Units: bytes. */
const muslPathLimitBytes = 64 * 1024

/** What comes into a container's root. */
export interface RootContent {
  readonly mounts: readonly DetachedMount[]
  readonly covers: readonly Cover[]
  readonly edits: readonly Edit[]
}

/** Attaches covers and mounts, then writes links, files and what loaders read. */
export function changeRoot(
  root: Root,
  { mounts, covers, edits }: RootContent,
  findings: Finding[],
): Result<true> {
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
    // Who acts for a user namespace's root has none of his rights; to whom else a root is closed, all of it may be.
    const isKept = errno === "EACCES" ? root.owner.uid !== 0 : unwritable.has(errno ?? "")
    if (!isKept) return written
    findings.push(notWritten(writtenPath(edit), written.fault))
  }
  return ok(true)
}

/** A place that cannot be written costs what it is for, not the start. */
const unwritable: ReadonlySet<string> = new Set(["EROFS", "EBUSY", "EPERM", "EEXIST", "EISDIR", "ENOTDIR"])

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

export const procViewAbsent = (cause?: Fault): Finding => ({
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

function attach(
  root: Root,
  { mount, target, kind }: DetachedMount,
  parents: Map<string, number>,
): Result<true> {
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
  const present = readPresent(root, edit.path, cacheLimitBytes)
  if (!present.ok) return present
  const merged = mergeLdcache(present.value, entries)
  if (!merged.ok) return merged
  const parent = parentOf(root, edit.path, parents)
  return parent.ok ? writeFileAt(parent.value, baseName(edit.path), merged.value, 0o644, root.owner) : parent
}

function writeMuslPath(root: Root, edit: MuslPathEdit, parents: Map<string, number>): Result<true> {
  const present = readPresent(root, edit.path, muslPathLimitBytes)
  if (!present.ok) return present
  const { value } = present
  const text = mergeMuslPath(value === undefined ? undefined : decodeUtf8(value), edit.directories)
  if (text === undefined) return ok(true)
  const parent = parentOf(root, edit.path, parents)
  return parent.ok
    ? writeFileAt(parent.value, baseName(edit.path), encodeUtf8(text), 0o644, root.owner)
    : parent
}

/** What the root has is not lost because the machine was too short of something to read it. */
function readPresent(root: Root, path: string, limitBytes: number): Result<Uint8Array | undefined> {
  const present = readInRoot(root, path, limitBytes)
  const sure = checkShortage(root)
  return sure.ok ? ok(present) : sure
}
