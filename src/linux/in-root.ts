/**
 * Working below a directory whose content is hostile. Every path is resolved by the kernel with the directory as its root, and
 * what was resolved is used through the descriptor; nothing is looked up twice.
 */

import { closeSync, fchmodSync, fstatSync, readSync, type Stats, writeSync } from "node:fs"
import { type Fault, fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { baseName, parentPath } from "../core/text/path.ts"
import { decodeUtf8 } from "../core/text/utf8.ts"
import { cString } from "./c-string.ts"
import { call, errnoOf } from "./checked.ts"
import { readNames } from "./directory-names.ts"
import { addressOf, allocate, systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

export const openFlags = {
  writeOnly: 0o1,
  create: 0o100,
  exclusive: 0o200,
  nonBlock: 0o4000,
  directory: 0o200000,
  noFollow: 0o400000,
  closeOnExec: 0o2000000,
  path: 0o10000000,
} as const
const noMagicLinks = 0x02
const inRoot = 0x10
const atFdCwd = -100

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface Root {
  readonly descriptor: number
  /** Who owns what is made in it: root, or the mapped root of a user namespace. */
  readonly owner: Owner
  /** Why the machine gave no answer when it was asked about the root: what seemed absent then may be there. */
  readonly shortages: Fault[]
}

/**
 * The machine is short of something, or does not answer at all: a filter of system calls that is older than openat2 says EPERM of every place,
 * and a kernel before Linux 5.6 ENOSYS. Of a place that is closed to us the kernel says EACCES.
 */
const isShortage = (failed: Result<unknown>): boolean =>
  /^E(NOMEM|MFILE|NFILE|PERM|NOSYS)$/.test(errnoOf(failed) ?? "")

/** To be asked before anything depends on what a root does not have. Faults: SystemCallFailed. */
export function checkShortage({ shortages: [first] }: Root): Result<true> {
  return first === undefined ? ok(true) : fail(first)
}

const how = allocate(24)
const howView = new DataView(how.buffer)

/**
 * `openat2` with RESOLVE_IN_ROOT: absolute links and `..` mean the root's own. The kernel refuses a `..` with EAGAIN when anything
 * anywhere was renamed meanwhile, which on a busy machine is nobody's attack. Faults: SystemCallFailed.
 */
export function openInRoot(root: Root, path: string, flags: number): Result<number> {
  howView.setBigUint64(0, BigInt(flags | openFlags.closeOnExec), true)
  howView.setBigUint64(8, 0n, true)
  howView.setBigUint64(16, BigInt(inRoot | noMagicLinks), true)
  for (let tries = 1; ; tries++) {
    const opened = call("openat2", path, root.descriptor, cString(path), addressOf(how), 24)
    if (opened.ok) return opened
    if (isShortage(opened)) root.shortages.push(opened.fault)
    if (errnoOf(opened) !== "EAGAIN" || tries === triesLimit) return opened
  }
}

/** Each takes microseconds; who renames all the time wins one race in a few. */
const triesLimit = 1000

/** The root itself, by its path in the current mount namespace. */
export function openRoot(path: string, owner: Owner): Result<Root> {
  const buffer = cString(path)
  const flags = openFlags.path | openFlags.directory | openFlags.closeOnExec
  const opened = call("openat", path, atFdCwd, buffer, flags, 0)
  return opened.ok ? ok({ descriptor: opened.value, owner, shortages: [] }) : opened
}

/**
 * Makes this thread's file accesses those of a user. A file system that belongs to a user namespace takes no files of users
 * whom it does not know, and the host's root is one of these. Mounting is not affected.
 */
export function actAs({ uid, gid }: Owner): void {
  // Both calls return the former value and never an error.
  systemCall(numbers.setfsgid, gid)
  systemCall(numbers.setfsuid, uid)
}

/** A directory, made with all its parents where missing (0755). Symlinks are followed inside the root only. */
export function ensureDirectory(root: Root, path: string): Result<number> {
  const flags = openFlags.path | openFlags.directory
  const opened = openInRoot(root, path, flags)
  if (opened.ok || errnoOf(opened) !== "ENOENT" || path === "/") return opened
  const parent = ensureDirectory(root, parentPath(path))
  if (!parent.ok) return parent
  const made = makeDirectory(parent.value, baseName(path), root.owner)
  closeSync(parent.value)
  if (!made.ok) return made
  return openInRoot(root, path, flags)
}

export function makeDirectory(parent: number, name: string, owner: Owner, mode = 0o755): Result<true> {
  const buffer = cString(name)
  const made = call("mkdirat", name, parent, buffer, mode)
  if (!made.ok) return errnoOf(made) === "EEXIST" ? ok(true) : made
  return changeOwner(parent, name, owner)
}

function changeOwner(parent: number, name: string, owner: Owner): Result<true> {
  if (owner.uid === 0 && owner.gid === 0) return ok(true)
  const buffer = cString(name)
  const symlinkNofollow = 0x100
  const changed = call("fchownat", name, parent, buffer, owner.uid, owner.gid, symlinkNofollow)
  return changed.ok ? ok(true) : changed
}

export type TargetKind = "file" | "directory"

/**
 * A place to mount on: an entry of a directory that is what it must be, made empty where it is missing. A symlink, a FIFO or
 * anything else there is a fault: it would lead the mount, or its reader, elsewhere. Faults: SystemCallFailed, MountTargetHostile.
 */
export function openMountTarget(root: Root, parent: number, path: string, kind: TargetKind): Result<number> {
  const name = baseName(path)
  const buffer = cString(name)
  const flags = openFlags.path | openFlags.noFollow | openFlags.closeOnExec
  let opened = call("openat", path, parent, buffer, flags, 0)
  if (!opened.ok && errnoOf(opened) === "ENOENT") {
    const made =
      kind === "directory" ? makeDirectory(parent, name, root.owner) : makeEmptyFile(parent, name, root.owner)
    if (!made.ok) return made
    opened = call("openat", path, parent, buffer, flags, 0)
  }
  if (!opened.ok) return opened
  const stat = fstatSync(opened.value)
  const isRight = kind === "directory" ? stat.isDirectory() : stat.isFile() || stat.isCharacterDevice()
  if (isRight) return opened
  closeSync(opened.value)
  return fail(fault("MountTargetHostile", { path, expected: kind }))
}

export function makeEmptyFile(parent: number, name: string, owner: Owner): Result<true> {
  const buffer = cString(name)
  const flags =
    openFlags.writeOnly | openFlags.create | openFlags.exclusive | openFlags.noFollow | openFlags.closeOnExec
  const made = call("openat", name, parent, buffer, flags, 0o644)
  if (!made.ok) return made
  closeSync(made.value)
  return changeOwner(parent, name, owner)
}

/** Of what a path leads to; undefined: nothing that can be reached. */
export function statInRoot(root: Root, path: string): Stats | undefined {
  const seen = openInRoot(root, path, openFlags.path)
  if (!seen.ok) return undefined
  try {
    return fstatSync(seen.value)
  } finally {
    closeSync(seen.value)
  }
}

/**
 * A regular file, to be read. What a path leads to is looked at before it is opened, because opening a device does things, and then opened
 * by that very descriptor: nobody can put anything else in its place meanwhile. Faults: SystemCallFailed (EINVAL: it is no such file).
 */
export function openFileInRoot(root: Root, path: string): Result<number> {
  const seen = openInRoot(root, path, openFlags.path)
  if (!seen.ok) return seen
  const opened = fstatSync(seen.value).isFile()
    ? openAgain(root, seen.value, path)
    : fail(fault("SystemCallFailed", { syscall: "open", target: path, errno: "EINVAL" }))
  closeSync(seen.value)
  return opened
}

let ownDescriptors: Result<number> | undefined

/** This process's descriptors, as proc shows them. To be opened before another mount namespace is entered: its proc may not know us. */
export function openOwnDescriptors(): Result<number> {
  const path = "/proc/self/fd"
  ownDescriptors ??= call("openat", path, atFdCwd, cString(path), openFlags.path | openFlags.closeOnExec, 0)
  return ownDescriptors
}

/** For reading, what a descriptor only names. Without a proc nobody knows what is there: that is no absence. */
function openAgain(root: Root, seen: number, path: string): Result<number> {
  const own = openOwnDescriptors()
  const flags = openFlags.nonBlock | openFlags.closeOnExec
  const opened = own.ok ? call("openat", path, own.value, cString(`${seen}`), flags, 0) : own
  if (!opened.ok && (!own.ok || isShortage(opened))) root.shortages.push(opened.fault)
  return opened
}

/** Content of a regular file, or undefined when there is none to be had; never waits, never follows out of the root. */
export function readInRoot(root: Root, path: string, limitBytes: number): Uint8Array | undefined {
  const opened = openFileInRoot(root, path)
  if (!opened.ok) return undefined
  try {
    const { size } = fstatSync(opened.value)
    if (size > limitBytes) return undefined
    const buffer = new Uint8Array(size)
    let length = 0
    while (length < buffer.length) {
      const count = readSync(opened.value, buffer, length, buffer.length - length, length)
      if (count === 0) break
      length += count
    }
    return buffer.subarray(0, length)
  } finally {
    closeSync(opened.value)
  }
}

/** A new file in a directory, whole or not at all: written beside its place and renamed. */
export function writeFileAt(
  parent: number,
  name: string,
  content: Uint8Array,
  mode: number,
  owner: Owner,
): Result<true> {
  removeLeftovers(parent)
  const temporary = temporaryName()
  const buffer = cString(temporary)
  const flags =
    openFlags.writeOnly | openFlags.create | openFlags.exclusive | openFlags.noFollow | openFlags.closeOnExec
  const made = call("openat", name, parent, buffer, flags, mode)
  if (!made.ok) return made
  const written = fill(made.value, name, content, mode)
  closeSync(made.value)
  const owned = written.ok ? changeOwner(parent, temporary, owner) : written
  if (owned.ok) return replaceAt(parent, temporary, name)
  removeAt(parent, temporary)
  return owned
}

function fill(descriptor: number, name: string, content: Uint8Array, mode: number): Result<true> {
  try {
    for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at)
    // Whatever mask the engine has left us with.
    fchmodSync(descriptor, mode)
    return ok(true)
  } catch (error) {
    const errno = (error as { readonly code?: string }).code ?? "EIO"
    return fail(fault("SystemCallFailed", { syscall: "write", target: name, errno }))
  }
}

/**
 * Nobody else's: two hooks at work in one root may have the same process id, each in its own namespace, and were started at the same
 * moment. As short as it is so that it stands beside a name of any length. The time says when it was made.
 */
const temporaryName = (): string =>
  `.gantry-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`

const leftoverPattern = /^\.gantry-([0-9a-z]{1,10})-[0-9a-z]*$/
/** Units: milliseconds. */
const writingLifeMs = 60_000

/** Whoever was killed while writing left a file behind. A time to come is no time: the clock was set back. */
function removeLeftovers(parent: number): void {
  const flags = openFlags.directory | openFlags.nonBlock | openFlags.closeOnExec
  const listed = call("openat", ".", parent, cString("."), flags, 0)
  if (!listed.ok) return
  const names = readNames(listed.value, ".")
  closeSync(listed.value)
  for (const name of names.ok ? names.value : []) {
    const made = leftoverPattern.exec(name)?.[1]
    if (made !== undefined && Math.abs(Date.now() - Number.parseInt(made, 36)) > writingLifeMs)
      removeAt(parent, name)
  }
}

/** A symbolic link in a directory; one that says the same already is left alone, another is replaced at once. */
export function linkAt(parent: number, name: string, target: string, owner: Owner): Result<true> {
  const first = call("symlinkat", name, cString(target), parent, cString(name))
  if (first.ok) return changeOwner(parent, name, owner)
  // Where nothing may be written, not every file system says first that something is there.
  if (readLinkAt(parent, name) === target) return ok(true)
  if (errnoOf(first) !== "EEXIST") return first
  removeLeftovers(parent)
  const temporary = temporaryName()
  const [text, place] = [cString(target), cString(temporary)]
  const made = call("symlinkat", name, text, parent, place)
  if (!made.ok) return made
  const owned = changeOwner(parent, temporary, owner)
  if (owned.ok) return replaceAt(parent, temporary, name)
  removeAt(parent, temporary)
  return owned
}

const linkText = allocate(4096)

/** Text of a link in a directory; of the link that the descriptor itself is, when the name is empty. undefined: it is no link. */
export function readLinkAt(parent: number, name: string): string | undefined {
  const place = cString(name)
  const length = call("readlinkat", name, parent, place, addressOf(linkText), linkText.length)
  return length.ok ? decodeUtf8(linkText.subarray(0, length.value)) : undefined
}

/** An entry of a directory that is no directory itself; where there is none, nothing is missing. */
export function removeAt(parent: number, name: string): Result<true> {
  const removed = call("unlinkat", name, parent, cString(name), 0)
  return removed.ok || errnoOf(removed) === "ENOENT" ? ok(true) : removed
}

function replaceAt(parent: number, temporary: string, name: string): Result<true> {
  const [from, to] = [cString(temporary), cString(name)]
  const renamed = call("renameat", name, parent, from, parent, to)
  if (renamed.ok) return ok(true)
  removeAt(parent, temporary)
  return renamed
}
