/** The root of a container whose namespaces this process is in, opened once: all else is resolved below this descriptor. */

import { fstatSync, statSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, type Result } from "../core/fault/result.ts"
import { openRoot, type Root } from "../linux/in-root.ts"

/** Faults: ContainerRootInvalid. */
export function openContainerRoot(path: string): Result<Root> {
  // Who runs there has the container's own ids where it has some: what is made is its root's.
  const opened = openRoot(path, { uid: 0, gid: 0 })
  if (!opened.ok)
    return fail(fault("ContainerRootInvalid", { path, problem: "cannot be opened" }, opened.fault))
  // A link or a bind mount may lead there, whatever the path says.
  const [own, machine] = [fstatSync(opened.value.descriptor), statSync("/")]
  return own.dev === machine.dev && own.ino === machine.ino
    ? fail(fault("ContainerRootInvalid", { path, problem: "is the machine's own root" }))
    : opened
}
