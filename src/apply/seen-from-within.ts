/** Proof that this process is within a container whose root is not changed yet. */

import { closeSync, statfsSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { openFlags, openInRoot } from "../linux/in-root.ts"
import type { AppliedContainer } from "./applied-container.ts"
import { openContainerRoot } from "./open-container-root.ts"

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
  if (!isThere) return fail(fault("ContainerProcessGone", { path: `${rootPath}/proc/${pid}` }))
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  return ok({
    pid,
    rootPath,
    visibleRoot: rootPath,
    processPath: "/proc/self",
    openWay: () => ok({ owner, enter: () => ok(true) }),
  })
}
