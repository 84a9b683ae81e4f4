/**
 * A container that is to be changed, and how it is reached.
 *   from outside: by its process in proc, whose mount namespace is entered
 *   from within: this process is in the container's namespaces and cgroup already, and the root is not changed yet; nobody is entered
 */

import { closeSync, statfsSync, statSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { type Owner, openFlags, openInRoot } from "../linux/in-root.ts"
import { enterMountNamespace, openMountNamespace } from "../linux/namespace.ts"
import { openContainerRoot } from "./open-container-root.ts"

export interface AppliedContainer {
  readonly side: "outside" | "within"
  readonly pid: bigint
  /** Absolute path of the root file system, as the container's mount namespace has it. */
  readonly rootPath: string
  /** Where the root lies for this process. */
  readonly visibleRoot: string
  /** Where proc tells of a process in the container's cgroup. */
  readonly processPath: string
}

export const seenFromOutside = (pid: bigint, rootPath: string): AppliedContainer => ({
  side: "outside",
  pid,
  rootPath,
  visibleRoot: `/proc/${pid}/root${rootPath}`,
  processPath: `/proc/${pid}`,
})

/** Source: PROC_SUPER_MAGIC, linux/magic.h. */
const procMagic = 0x9fa0

/**
 * Where the root has the container's proc, and the caller's parent is in it, the caller is within; anywhere else the machine would be
 * changed. Faults: ContainerRootInvalid, ContainerProcessGone.
 */
export function seenFromWithin(pid: bigint, rootPath: string): Result<AppliedContainer> {
  const root = openContainerRoot(rootPath)
  if (!root.ok) return root
  const opened = openInRoot(root.value, `/proc/${pid}`, openFlags.path | openFlags.directory)
  const isThere = opened.ok && statfsSync(`/proc/self/fd/${opened.value}`).type === procMagic
  if (opened.ok) closeSync(opened.value)
  closeSync(root.value.descriptor)
  return isThere
    ? ok({ side: "within", pid, rootPath, visibleRoot: rootPath, processPath: "/proc/self" })
    : fail(fault("ContainerProcessGone", { path: `${rootPath}/proc/${pid}` }))
}

/** The way into a container, open before anything is changed. */
export interface Way {
  /** Who is to own what is made: root, or the mapped root of a user namespace. */
  readonly owner: Owner
  /** There is no way back. Faults: SystemCallFailed. */
  enter(): Result<true>
}

/** Faults: ContainerProcessGone, SystemCallFailed. */
export function openWay({ side, processPath }: AppliedContainer): Result<Way> {
  if (side === "within")
    return ok({
      owner: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
      enter: () => ok(true),
    })
  const stat = statSync(processPath, { throwIfNoEntry: false })
  if (stat === undefined) return fail(fault("ContainerProcessGone", { path: processPath }))
  const namespace = openMountNamespace(processPath)
  if (!namespace.ok) return namespace
  return ok({
    owner: { uid: stat.uid, gid: stat.gid },
    enter() {
      const entered = enterMountNamespace(namespace.value, `${processPath}/ns/mnt`)
      return entered.ok ? ok(true) : entered
    },
  })
}
