/**
 * `disable-device-node-modification`: the driver's parameters in a container's proc say that its libraries make no device nodes. Needs the
 * container's mount namespace, in which the engine starts createContainer hooks.
 *   a file system in memory with the changed file, which for a moment lies over the driver's directory in the container's proc: only a
 *   file that is mounted can be mounted a second time
 *   then the file alone over the container's, read-only
 * The proc of the container is made private before, so that none of this is seen by whom the engine shares mounts with.
 */

import { closeSync, fstatSync } from "node:fs"
import { paramsPath, withoutNodeModification } from "../../core/driver/params.ts"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { hostPath } from "../../core/text/brand.ts"
import { baseName, parentPath } from "../../core/text/path.ts"
import { decodeUtf8, encodeUtf8 } from "../../core/text/utf8.ts"
import { readFileAt } from "../../host/files/file-system.ts"
import { openFlags, openInRoot, type Root, writeFileAt } from "../../linux/in-root.ts"
import {
  attachMount,
  cloneMountAt,
  createTmpfs,
  detachMount,
  keepPrivate,
  mountAttribute,
  setMountAttributes,
} from "../../linux/mounts.ts"
import type { HookEffect } from "./effect.ts"

/** Nothing to do where the machine has no such file, or it says so already. Faults: SystemCallFailed, MountTargetHostile. */
export function disableNodeModification(root: Root): Result<HookEffect> {
  const params = readFileAt(hostPath(paramsPath), paramsPath, undefined)
  const text = params.ok ? decodeUtf8(params.value) : ""
  const changed = withoutNodeModification(text)
  if (changed === text) return ok({ changes: [], findings: [] })
  const target = openInRoot(root, paramsPath, openFlags.path | openFlags.noFollow)
  if (!target.ok) {
    const told = fault("ProcViewAbsent", {}, target.fault)
    return ok({
      changes: [],
      findings: [{ severity: "warning", fault: told, evidence: [`${paramsPath}: absent`] }],
    })
  }
  if (!fstatSync(target.value).isFile())
    return fail(fault("MountTargetHostile", { path: paramsPath, expected: "file" }))
  const mount = mountFile(root, changed)
  if (!mount.ok) return mount
  const attached = attachMount(mount.value, target.value, paramsPath)
  for (const descriptor of [mount.value, target.value]) closeSync(descriptor)
  return attached.ok ? ok({ changes: [`${paramsPath} covered`], findings: [] }) : attached
}

/** A detached mount of a file with this content. */
function mountFile(root: Root, text: string): Result<number> {
  const name = baseName(paramsPath)
  const directory = openInRoot(root, parentPath(paramsPath), openFlags.path | openFlags.directory)
  if (!directory.ok) return directory
  for (const place of ["/proc", "/proc/driver", "/proc/driver/nvidia"]) keepMountPrivate(root, place)
  const memory = createTmpfs("0555")
  if (!memory.ok) return memory
  const written = writeFileAt(memory.value, name, encodeUtf8(text), 0o444, root.owner)
  if (!written.ok) return written
  const attached = attachMount(memory.value, directory.value, parentPath(paramsPath))
  if (!attached.ok) return attached
  const file = cloneMountAt(memory.value, name)
  const detached = detachMount(memory.value, parentPath(paramsPath))
  for (const opened of [directory.value, memory.value]) closeSync(opened)
  if (!file.ok) return file
  if (!detached.ok) return detached
  const { readOnly, noSuid, noDev, noExec } = mountAttribute
  const set = setMountAttributes(file.value, readOnly | noSuid | noDev | noExec, 0, paramsPath)
  return set.ok ? file : set
}

/** One of these is the root of the mount that the file is on; the kernel refuses for the others, which changes nothing. */
function keepMountPrivate(root: Root, path: string): void {
  const opened = openInRoot(root, path, openFlags.path | openFlags.directory)
  if (!opened.ok) return
  keepPrivate(opened.value, path)
  closeSync(opened.value)
}
