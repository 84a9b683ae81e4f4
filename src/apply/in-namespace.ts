/**
 * The in-namespace applier: does a plan's edits to a container that was created but not started, from the hook's own process.
 *   1. in the host's mount namespace: detached mounts of every source, each checked and given its attributes; cgroup rules
 *   2. in the container's: every place resolved in its root by descriptor, mounts moved there, links and cache written
 * Device nodes are bind mounts of the host's: that works in user namespaces too, and keeps the container's own capability to
 * make nodes out of it. No child process, no shell, no ldconfig. When an edit fails, the engine takes the container down with
 * its namespaces and its cgroup; what is left in the root are empty files and directories to mount on.
 */

import { closeSync, fstatSync, lstatSync, statSync } from "node:fs"
import { type Fault, fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { flagsOf } from "../core/ldcache/ldcache.ts"
import { mergeLdcache } from "../core/ldcache/render-ldcache.ts"
import type {
  DeviceNodeEdit,
  Edit,
  FileEdit,
  LdcacheEdit,
  MountEdit,
  SymlinkEdit,
} from "../core/plan/edit.ts"
import type { ContainerLayout } from "../core/plan/snapshot.ts"
import { baseName, parentPath } from "../core/text/path.ts"
import { encodeUtf8 } from "../core/text/utf8.ts"
import { errnoOf } from "../linux/checked.ts"
import {
  actAs,
  ensureDirectory,
  linkAt,
  makeDirectory,
  type Owner,
  openMountTarget,
  openRoot,
  type Root,
  readInRoot,
  type TargetKind,
  writeFileAt,
} from "../linux/in-root.ts"
import { attachMount, cloneMount, createTmpfs, mountAttribute, setMountAttributes } from "../linux/mounts.ts"
import { enterMountNamespace, openMountNamespace } from "../linux/namespace.ts"
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

/** A detached mount and where it goes. */
interface Prepared {
  readonly mount: number
  readonly target: string
  readonly kind: TargetKind
}

const procDirectory = "/proc/driver/nvidia"
/** Ten times the cache of a machine with five thousand libraries. Units: bytes. */
const cacheLimitBytes = 8 * 1024 * 1024

/** How the container's distribution keeps its libraries, seen in its root before anything is planned. */
export function observeLayout(container: AppliedContainer): ContainerLayout {
  const path = `/proc/${container.pid}/root${container.rootPath}/etc/debian_version`
  return { isDebian: lstatSync(path, { throwIfNoEntry: false }) !== undefined }
}

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
  const prepared: Prepared[] = []
  for (const edit of edits) {
    if (edit.kind !== "deviceNode" && edit.kind !== "mount") continue
    const made = edit.kind === "deviceNode" ? prepareNode(edit, host) : prepareMount(edit, host)
    if (!made.ok) return made
    prepared.push(made.value)
  }
  const view = prepareProcView(edits)
  if (!view.ok) return view
  const ruled = applyDeviceRules(
    pid,
    edits.filter((edit) => edit.kind === "cgroupRule"),
  )
  if (!ruled.ok) return ruled

  const entered = enterMountNamespace(namespace.value, `/proc/${pid}/ns/mnt`)
  if (!entered.ok) return entered
  const root = openRoot(rootPath, { uid, gid })
  if (!root.ok) return root
  const hasView = view.value !== undefined && attachProcView(root.value, view.value, findings)
  const mounts = prepared.filter(({ target }) => hasView || !target.startsWith(procDirectory))
  actAs(root.value.owner)
  const changed = changeRoot(root.value, mounts, edits, findings)
  actAs({ uid: 0, gid: 0 })
  return changed.ok ? ok({ findings }) : changed
}

/** Attaches the mounts, then writes links and cache. */
function changeRoot(
  root: Root,
  mounts: readonly Prepared[],
  edits: readonly Edit[],
  findings: Finding[],
): Result<true> {
  const parents = new Map<string, number>()
  for (const one of mounts) {
    const attached = attach(root, one, parents)
    if (!attached.ok) return attached
  }
  for (const edit of edits) {
    if (edit.kind !== "symlink" && edit.kind !== "ldcache") continue
    const written = edit.kind === "symlink" ? writeLink(root, edit, parents) : writeCache(root, edit)
    if (written.ok) continue
    const errno = errnoOf(written)
    if (errno === undefined || !unwritable.has(errno)) return written
    findings.push({
      severity: "warning",
      fault: fault("ContainerPlaceReadOnly", { path: edit.path }, written.fault),
      evidence: [`${edit.path}: ${errno}`],
    })
  }
  return ok(true)
}

/** A place that cannot be written costs the loader's knowledge of the libraries, not the start. */
const unwritable: ReadonlySet<string> = new Set([
  "EROFS",
  "EBUSY",
  "EACCES",
  "EPERM",
  "EEXIST",
  "EISDIR",
  "ENOTDIR",
])

function prepareNode(edit: DeviceNodeEdit, host: HostFiles): Result<Prepared> {
  const path = host.livePath(edit.hostPath)
  if (path === undefined) return fail(fault("HostNotLive", { name: host.provenance.name }))
  const cloned = cloneMount(path)
  if (!cloned.ok) return cloned
  // Checked on what was opened, not on the path: the node may have changed since the plan.
  const stat = fstatSync(cloned.value)
  const [major, minor] = [(stat.rdev >>> 8) & 0xfff, (stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00)]
  if (!stat.isCharacterDevice() || major !== edit.major || minor !== edit.minor)
    return fail(fault("DeviceNodeChanged", { path: edit.hostPath, planned: `${edit.major}:${edit.minor}` }))
  const { readOnly, noSuid, noExec, noDev } = mountAttribute
  const set = setMountAttributes(cloned.value, readOnly | noSuid | noExec, noDev, edit.hostPath)
  return set.ok ? ok({ mount: cloned.value, target: edit.path, kind: "file" }) : set
}

function prepareMount(edit: MountEdit, host: HostFiles): Result<Prepared> {
  const path = host.livePath(edit.hostPath)
  if (path === undefined) return fail(fault("HostNotLive", { name: host.provenance.name }))
  const cloned = cloneMount(path)
  if (!cloned.ok) return cloned
  const stat = fstatSync(cloned.value)
  if (!stat.isFile() && !stat.isDirectory())
    return fail(fault("MountTargetHostile", { path: edit.hostPath, expected: "file" }))
  const bits = {
    ro: mountAttribute.readOnly,
    nosuid: mountAttribute.noSuid,
    nodev: mountAttribute.noDev,
    noexec: mountAttribute.noExec,
  }
  const set = setMountAttributes(
    cloned.value,
    edit.options.reduce((sum, option) => sum | bits[option], 0),
    0,
    edit.hostPath,
  )
  if (!set.ok) return set
  return ok({
    mount: cloned.value,
    target: edit.containerPath,
    kind: stat.isDirectory() ? "directory" : "file",
  })
}

/**
 * Where the kernel has no NVIDIA module, the container's proc has no such directory either: found out before anything is made,
 * because the kernel takes its time to take a mount down that nobody has attached.
 */
function withoutProcView(edits: readonly Edit[], findings: Finding[]): readonly Edit[] {
  if (lstatSync(procDirectory, { throwIfNoEntry: false }) !== undefined) return edits
  const rest = edits.filter((edit) => {
    const place = edit.kind === "mount" ? edit.containerPath : edit.kind === "file" ? edit.path : ""
    return !place.startsWith(`${procDirectory}/`)
  })
  if (rest.length < edits.length) findings.push(procViewAbsent())
  return rest
}

const procViewAbsent = (cause?: Fault): Finding => ({
  severity: "note",
  fault: fault("ProcViewAbsent", {}, cause),
  evidence: [`${procDirectory}: absent`],
})

/** A read-only tmpfs with the driver's files in proc, and directories to mount the GPUs' own on. */
function prepareProcView(edits: readonly Edit[]): Result<number | undefined> {
  const files = edits.filter(
    (edit): edit is FileEdit => edit.kind === "file" && edit.path.startsWith(`${procDirectory}/`),
  )
  if (files.length === 0) return ok(undefined)
  const mount = createTmpfs("0555")
  if (!mount.ok) return mount
  const nobody: Owner = { uid: 0, gid: 0 }
  for (const { path, text, mode } of files) {
    const written = writeFileAt(mount.value, baseName(path), encodeUtf8(text), mode, nobody)
    if (!written.ok) return written
  }
  const gpus = edits.flatMap((edit) =>
    edit.kind === "mount" && edit.containerPath.startsWith(`${procDirectory}/gpus/`)
      ? [baseName(edit.containerPath)]
      : [],
  )
  if (gpus.length > 0) {
    const made = makeDirectory(mount.value, "gpus", nobody, 0o555)
    if (!made.ok) return made
    for (const name of gpus) {
      const below = makeDirectory(mount.value, `gpus/${name}`, nobody, 0o555)
      if (!below.ok) return below
    }
  }
  const { readOnly, noSuid, noDev, noExec } = mountAttribute
  const set = setMountAttributes(mount.value, readOnly | noSuid | noDev | noExec, 0, procDirectory)
  return set.ok ? ok(mount.value) : set
}

/** An engine may hide the directory from the container: nothing to cover then. */
function attachProcView(root: Root, view: number, findings: Finding[]): boolean {
  const skip = (cause: Fault): false => {
    findings.push(procViewAbsent(cause))
    return false
  }
  const parent = ensureDirectory(root, parentPath(procDirectory))
  if (!parent.ok) return skip(parent.fault)
  const target = openMountTarget(root, parent.value, procDirectory, "directory")
  if (!target.ok) return skip(target.fault)
  const attached = attachMount(view, target.value, procDirectory)
  return attached.ok || skip(attached.fault)
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

function writeLink(root: Root, edit: SymlinkEdit, parents: Map<string, number>): Result<true> {
  const parent = parentOf(root, edit.path, parents)
  return parent.ok ? linkAt(parent.value, baseName(edit.path), edit.target, root.owner) : parent
}

function writeCache(root: Root, edit: LdcacheEdit): Result<true> {
  const entries = edit.entries.flatMap(({ soname, path, machine }) =>
    machine === "other" ? [] : [{ soname, path, flags: flagsOf[machine], osVersion: 0, hwcap: 0n }],
  )
  const merged = mergeLdcache(readInRoot(root, edit.path, cacheLimitBytes), entries)
  if (!merged.ok) return merged
  const parent = ensureDirectory(root, parentPath(edit.path))
  return parent.ok ? writeFileAt(parent.value, baseName(edit.path), merged.value, 0o644, root.owner) : parent
}
