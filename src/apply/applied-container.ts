/**
 * A container that is to be changed, and how it is reached: from outside, by its process in proc; or from within its mount namespace,
 * before the root is changed, where only the proc that is mounted in the root knows its processes by their numbers.
 */

import { statfsSync, statSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { type Owner, openFlags, openInRoot } from "../linux/in-root.ts"
import { openContainerRoot } from "./open-container-root.ts"

export interface AppliedContainer {
  readonly pid: bigint
  /** Absolute path of the root file system, as the container's mount namespace has it. */
  readonly rootPath: string
  /** Where this process finds what proc tells of the container's. */
  readonly processPath: string
  /** Where the root lies for this process. */
  readonly visibleRoot: string
}

export const seenFromOutside = (pid: bigint, rootPath: string): AppliedContainer => ({
  pid,
  rootPath,
  processPath: `/proc/${pid}`,
  visibleRoot: `/proc/${pid}/root${rootPath}`,
})

/** Source: PROC_SUPER_MAGIC, linux/magic.h. */
const procMagic = 0x9fa0

/**
 * What the image has at /proc is no proc: it could name any namespace. Looked for inside the root only, and used through the descriptor.
 * Faults: ContainerRootInvalid, ContainerProcessGone.
 */
export function seenFromWithin(pid: bigint, rootPath: string): Result<AppliedContainer> {
  const root = openContainerRoot(rootPath)
  if (!root.ok) return root
  const opened = openInRoot(root.value, `/proc/${pid}`, openFlags.path | openFlags.directory)
  const processPath = opened.ok ? `/proc/self/fd/${opened.value}` : ""
  if (!opened.ok || statfsSync(processPath).type !== procMagic)
    return fail(fault("ContainerProcessGone", { path: `${rootPath}/proc/${pid}` }))
  return ok({ pid, rootPath, processPath, visibleRoot: rootPath })
}

/** To whom the process belongs: root, or the mapped root of a user namespace. Faults: ContainerProcessGone. */
export function readOwner({ processPath }: AppliedContainer): Result<Owner> {
  const stat = statSync(processPath, { throwIfNoEntry: false })
  return stat === undefined
    ? fail(fault("ContainerProcessGone", { path: processPath }))
    : ok({ uid: stat.uid, gid: stat.gid })
}
