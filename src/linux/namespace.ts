/**
 * Entering a container's mount namespace. Bun has several threads that share their idea of root and working directory; the
 * kernel lets this one go only after it has stopped sharing. The process cannot come back, and does not need to.
 */

import { constants, openSync } from "node:fs"
import { errnoName } from "../core/fault/errno.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { call } from "./checked.ts"
import { openOwnDescriptors } from "./in-root.ts"

const cloneFs = 0x200
const cloneNewNs = 0x20000

/** A descriptor of the namespace, to be opened before anything is changed. Faults: SystemCallFailed. */
export function openMountNamespace(pid: bigint): Result<number> {
  const path = `/proc/${pid}/ns/mnt`
  try {
    return ok(openSync(path, constants.O_RDONLY))
  } catch (error) {
    const errno = (error as { readonly code?: string }).code ?? errnoName(5)
    return fail(fault("SystemCallFailed", { syscall: "open", target: path, errno }))
  }
}

/** Faults: SystemCallFailed. */
export function enterMountNamespace(namespace: number, shown: string): Result<number> {
  const own = openOwnDescriptors()
  if (!own.ok) return own
  const alone = call("unshare", "CLONE_FS", cloneFs)
  return alone.ok ? call("setns", shown, namespace, cloneNewNs) : alone
}
