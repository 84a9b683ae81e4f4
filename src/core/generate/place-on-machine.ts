/** A specification of a machine that lies in a directory: engines find its nodes and files there. What serves hooks is this machine's. */

import { mapEdits } from "../cdi/map-edits.ts"
import type { CdiSpec } from "../cdi/spec.ts"

/** `placeOf` undefined: the path means itself. The version is left to who writes it. */
export function placeOnMachine(spec: CdiSpec, placeOf: (path: string) => string | undefined): CdiSpec {
  return mapEdits(spec, (edits) => ({
    ...edits,
    deviceNodes: edits.deviceNodes.map((node) => {
      const hostPath = placeOf(node.hostPath || node.path)
      return hostPath === undefined || hostPath === node.path ? node : { ...node, hostPath }
    }),
    mounts: edits.mounts.map((mount) => ({ ...mount, hostPath: placeOf(mount.hostPath) ?? mount.hostPath })),
  }))
}
