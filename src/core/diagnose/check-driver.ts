/** A driver that is not whole: containers start, and CUDA finds nothing in them. The same is waited for before a specification is published. */

import { allEdits } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { baseName } from "../text/path.ts"
import { type CdiSubject, found } from "./cdi-subject.ts"
import { unreadPlaces } from "./check-unread-machine.ts"

/** Of a machine whose driver is loaded. What a specification mounts and is not there is told of with its place. */
export function checkDriver({
  registry,
  snapshot,
}: Pick<CdiSubject, "registry" | "snapshot">): readonly Finding[] {
  const { inventory, driver } = snapshot
  if (inventory.platform !== "native") return []
  const mounted = new Set(
    registry.specs.flatMap(({ spec }) =>
      allEdits(spec).flatMap(({ mounts }) => mounts.map(({ hostPath }) => baseName(hostPath))),
    ),
  )
  // A directory that cannot be listed may have the library.
  const areFilesUnread = unreadPlaces(snapshot).some((path) => !/^\/(proc|sys)\//.test(path))
  const files = areFilesUnread ? [] : (driver?.findings ?? [])
  const lacks = [
    ...(inventory.modules.includes("nvidia_uvm") ? [] : ["the kernel module nvidia-uvm"]),
    ...files.flatMap(({ fault: { tag, data } }) =>
      tag === "DriverFileMissing" && data.name.startsWith("libcuda.so.") && !mounted.has(data.name)
        ? [data.name]
        : [],
    ),
  ]
  return lacks.length === 0 ? [] : [found("error", fault("CdiDriverIncomplete", { lacks }))]
}
