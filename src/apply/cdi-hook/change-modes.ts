/**
 * `chmod`: permissions of places in a container's root. Deprecated in the reference, whose own follows links out of the root; here a
 * link leads where it leads in the container.
 */

import { chmodSync, closeSync } from "node:fs"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { errnoOf } from "../../linux/checked.ts"
import { openFlags, openInRoot, type Root } from "../../linux/in-root.ts"
import type { HookEffect } from "./effect.ts"

/** No path of that name leads to anything: also where a file stands in a directory's place, or links lead in a circle. */
const absent: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"])

/** What is not there, and what may not be changed, is passed over, as the reference does. Faults: SystemCallFailed. */
export function changeModes(root: Root, paths: readonly string[], mode: number): Result<HookEffect> {
  const changes: string[] = []
  for (const path of paths) {
    const opened = openInRoot(root, path, openFlags.path)
    if (!opened.ok) {
      if (absent.has(errnoOf(opened) ?? "")) continue
      return opened
    }
    const errno = changeMode(opened.value, mode)
    closeSync(opened.value)
    if (errno === undefined) changes.push(`${path} has mode ${mode.toString(8)}`)
    else if (errno !== "EPERM" && errno !== "EACCES" && errno !== "EROFS")
      return fail(fault("SystemCallFailed", { syscall: "chmod", target: path, errno }))
  }
  return ok({ changes, findings: [] })
}

/** A descriptor that only names a place takes no fchmod before Linux 6.6; its own entry in proc leads to nothing else. */
function changeMode(descriptor: number, mode: number): string | undefined {
  try {
    chmodSync(`/proc/self/fd/${descriptor}`, mode)
    return undefined
  } catch (error) {
    return (error as { readonly code?: string }).code ?? "EIO"
  }
}
