/**
 * Of a specification that was written for engines of another machine, as that of a simulated one is (core/generate/place-on-machine.ts): what
 * it says as the machine itself calls its nodes and files. `directory`: where the machine lies.
 */

import type { ContainerEdits } from "../spec.ts"

export const unplacePath = (path: string, directory: string): string =>
  path.startsWith(`${directory}/`) ? path.slice(directory.length) : path

export function unplaceEdits(edits: ContainerEdits, directory: string): ContainerEdits {
  const unplace = (path: string): string => unplacePath(path, directory)
  return {
    ...edits,
    deviceNodes: edits.deviceNodes.map((node) => {
      const hostPath = unplace(node.hostPath)
      return hostPath === node.hostPath ? node : { ...node, hostPath: hostPath === node.path ? "" : hostPath }
    }),
    mounts: edits.mounts.map((mount) => ({ ...mount, hostPath: unplace(mount.hostPath) })),
  }
}
