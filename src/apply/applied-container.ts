/**
 * A container that is to be changed, and how it is reached.
 *   from outside: by its process in proc, whose mount namespace is entered
 *   from within (seen-from-within.ts): this process is in the container's namespaces and cgroup already, and nobody is entered
 */

import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { statIfThere } from "../host/files/stat-if-there.ts"
import type { Owner } from "../linux/in-root.ts"
import { enterMountNamespace, openMountNamespace } from "../linux/namespace.ts"

export interface AppliedContainer {
  readonly pid: bigint
  /** Absolute path of the root file system, as the container's mount namespace has it. */
  readonly rootPath: string
  /** Where the root lies for this process. */
  readonly visibleRoot: string
  /** Where proc tells of a process in the container's cgroup. */
  readonly processPath: string
  /** To be opened before anything is changed. Faults: ContainerProcessGone, SystemCallFailed. */
  openWay(): Result<Way>
}

/** The way into a container. */
export interface Way {
  /** Who is to own what is made: root, or the mapped root of a user namespace. */
  readonly owner: Owner
  /** There is no way back. Faults: SystemCallFailed. */
  enter(): Result<unknown>
}

export function seenFromOutside(pid: bigint, rootPath: string): AppliedContainer {
  const processPath = `/proc/${pid}`
  return {
    pid,
    rootPath,
    visibleRoot: `${processPath}/root${rootPath}`,
    processPath,
    openWay() {
      const owner = statIfThere(processPath)
      if (owner === undefined) return fail(fault("ContainerProcessGone", { path: processPath }))
      const namespace = openMountNamespace(pid)
      return namespace.ok
        ? ok({ owner, enter: () => enterMountNamespace(namespace.value, `${processPath}/ns/mnt`) })
        : namespace
    },
  }
}
