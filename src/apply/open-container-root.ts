/** A container's root, opened once: all else is resolved below this descriptor. */

import { fstatSync, type Stats, statSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { openRoot, type Root } from "../linux/in-root.ts"

/** The root of a container whose namespaces this process is in. Faults: ContainerRootInvalid. */
export function openContainerRoot(path: string): Result<Root> {
  // Who runs there has the container's own ids where it has some: what is made is its root's.
  const opened = openRoot(path, { uid: 0, gid: 0 })
  return opened.ok
    ? refuseOwnRoot(opened.value, path)
    : fail(fault("ContainerRootInvalid", { path, problem: "cannot be opened" }, opened.fault))
}

/**
 * A link or a bind mount may lead there, whatever the path says, and what is made for a container would be made for the machine.
 * `machine`: of its root, as seen by who has not entered another's namespace. Faults: ContainerRootInvalid.
 */
export function refuseOwnRoot(root: Root, path: string, machine: Stats = statSync("/")): Result<Root> {
  const own = fstatSync(root.descriptor)
  return own.dev === machine.dev && own.ino === machine.ino
    ? fail(fault("ContainerRootInvalid", { path, problem: "is the machine's own root" }))
    : ok(root)
}
