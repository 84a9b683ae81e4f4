/** The root of a container whose namespaces this process is in, opened once: all else is resolved below this descriptor. */

import { fault } from "../core/fault/fault.ts"
import { fail, type Result } from "../core/fault/result.ts"
import { openRoot, type Root } from "../linux/in-root.ts"
import { refuseOwnRoot } from "./refuse-own-root.ts"

/** Faults: ContainerRootInvalid. */
export function openContainerRoot(path: string): Result<Root> {
  // Who runs there has the container's own ids where it has some: what is made is its root's.
  const opened = openRoot(path, { uid: 0, gid: 0 })
  return opened.ok
    ? refuseOwnRoot(opened.value, path)
    : fail(fault("ContainerRootInvalid", { path, problem: "cannot be opened" }, opened.fault))
}
