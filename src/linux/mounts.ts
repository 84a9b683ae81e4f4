/**
 * The mount interface of Linux 5.2 and later: a mount is made detached, given its attributes, and then moved to where a
 * descriptor points. No path of the container is ever looked up by the mount itself.
 */

import { ok, type Result } from "../core/fault/result.ts"
import { cString } from "./c-string.ts"
import { call } from "./checked.ts"
import { addressOf, allocate } from "./libc.ts"

const atFdCwd = -100
const atEmptyPath = 0x1000
const atSymlinkNofollow = 0x100
const openTreeClone = 1
const closeOnExec = 0o2000000
const fromEmptyPath = 0x4
const toEmptyPath = 0x40

export const mountAttribute = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8 } as const

const nothing = allocate(1)

/** A detached copy of the mount of one file or directory. Faults: SystemCallFailed. */
export function cloneMount(path: string): Result<number> {
  const buffer = cString(path)
  return call("open_tree", path, atFdCwd, buffer, openTreeClone | closeOnExec | atSymlinkNofollow)
}

/** A detached copy of the mount of one file of a directory. Faults: SystemCallFailed. */
export function cloneMountAt(directory: number, name: string): Result<number> {
  const buffer = cString(name)
  return call("open_tree", name, directory, buffer, openTreeClone | closeOnExec | atSymlinkNofollow)
}

/** A detached copy of the mount that a directory lies in, from there on, with all that is mounted below. Faults: SystemCallFailed. */
export function cloneTree(directory: number, shown: string): Result<number> {
  const recursive = 0x8000
  const flags = openTreeClone | closeOnExec | atEmptyPath | recursive
  return call("open_tree", shown, directory, addressOf(nothing), flags)
}

/** Takes away the mount that a descriptor points into; what others hold of it lives on. */
export function detachMount(mount: number, shown: string): Result<number> {
  // The kernel takes a path only; a descriptor's own entry in proc leads to nothing else.
  const lazily = 2
  return call("umount2", shown, cString(`/proc/self/fd/${mount}`), lazily)
}

const attributes = allocate(32)
const attributeView = new DataView(attributes.buffer)

/** Sets and clears attributes of a detached mount. `target` is for faults. */
export function setMountAttributes(
  mount: number,
  set: number,
  clear: number,
  target: string,
): Result<number> {
  attributeView.setBigUint64(0, BigInt(set), true)
  attributeView.setBigUint64(8, BigInt(clear), true)
  return call("mount_setattr", target, mount, addressOf(nothing), atEmptyPath, addressOf(attributes), 32)
}

/** What is mounted below it is seen here only, whoever shares the mount. Faults: SystemCallFailed (no root of a mount). */
export function keepPrivate(mountRoot: number, shown: string): Result<number> {
  const isPrivate = 1n << 18n
  attributeView.setBigUint64(0, 0n, true)
  attributeView.setBigUint64(8, 0n, true)
  attributeView.setBigUint64(16, isPrivate, true)
  const set = call(
    "mount_setattr",
    shown,
    mountRoot,
    addressOf(nothing),
    atEmptyPath,
    addressOf(attributes),
    32,
  )
  attributeView.setBigUint64(16, 0n, true)
  return set
}

/** Puts a detached mount onto what a descriptor points to. */
export function attachMount(mount: number, onto: number, target: string): Result<number> {
  return call(
    "move_mount",
    target,
    mount,
    addressOf(nothing),
    onto,
    addressOf(nothing),
    fromEmptyPath | toEmptyPath,
  )
}

/** An empty detached tmpfs. Faults: SystemCallFailed. */
export function createTmpfs(mode: string): Result<number> {
  const type = cString("tmpfs")
  const context = call("fsopen", "tmpfs", type, 1)
  if (!context.ok) return context
  const [setString, create] = [1, 6]
  const key = cString("mode")
  const value = cString(mode)
  const configured = call("fsconfig", "tmpfs mode", context.value, setString, key, value, 0)
  if (!configured.ok) return configured
  const created = call("fsconfig", "tmpfs", context.value, create, 0, 0, 0)
  if (!created.ok) return created
  const mount = call("fsmount", "tmpfs", context.value, 1, 0)
  return mount.ok ? ok(mount.value) : mount
}
