/** A link or a bind mount may lead to the machine's own root, whatever a path says: what is made for a container would be made for the machine. */

import { fstatSync, type Stats, statSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Root } from "../linux/in-root.ts"

/** `machine`: of its root, as seen by who has not entered another's namespace. Faults: ContainerRootInvalid. */
export function refuseOwnRoot(root: Root, path: string, machine: Stats = statSync("/")): Result<Root> {
  const own = fstatSync(root.descriptor)
  return own.dev === machine.dev && own.ino === machine.ino
    ? fail(fault("ContainerRootInvalid", { path, problem: "is the machine's own root" }))
    : ok(root)
}
