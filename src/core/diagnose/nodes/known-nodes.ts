/**
 * The numbers that a machine's nodes have, and the paths under which its driver looks for them: whether a specification's node is what its name
 * says. Source: facts, nvidia-container-cli §2.2.
 */

import type { FileStat } from "../../host/host.ts"
import { findAbsence } from "../../inventory/find-absence.ts"
import { presentNodes } from "../../inventory/present-nodes.ts"
import type { CdiSubject } from "../cdi-subject.ts"

/** Numbers are of the form `major:minor`. */
export interface KnownNodes {
  /** By their numbers the paths of the driver's nodes: no others does it look for by name. */
  readonly pathsByNumbers: ReadonlyMap<string, readonly string[]>
  /** By its path the numbers of every node that is there. */
  readonly numbersByPath: ReadonlyMap<string, string>
  /** What the driver has, by the path that it looks for, with its numbers, where nobody has made the node. */
  readonly unmade: ReadonlyMap<string, string>
}

export function knownNodes({ snapshot, host }: CdiSubject): KnownNodes {
  const nodes = presentNodes(snapshot.inventory)
  const own = nodes.filter(({ path }) => path.startsWith("/dev/nvidia"))
  return {
    pathsByNumbers: new Map(
      [...Map.groupBy(own, numbersOf)].map(([key, all]) => [key, all.map(({ path }) => path)]),
    ),
    numbersByPath: new Map(nodes.map((node) => [node.path, numbersOf(node)])),
    unmade: new Map(
      findAbsence(host, snapshot.inventory, { setsModes: true }).nodes.map((node) => [
        node.path,
        numbersOf(node),
      ]),
    ),
  }
}

/** `195:0`. */
export const numbersOf = ({ major, minor }: Pick<FileStat, "major" | "minor">): string => `${major}:${minor}`

/** The numbers of what the driver's programs look for at a path; undefined: nothing of the driver's is called so. */
export function driverNumbers(
  { snapshot }: CdiSubject,
  { unmade }: KnownNodes,
  path: string,
): string | undefined {
  const channel = /^\/dev\/nvidia-caps-imex-channels\/channel(0|[1-9]\d{0,4})$/.exec(path)?.[1]
  const major = snapshot.inventory.majors["nvidia-caps-imex-channels"]
  return channel !== undefined && major !== undefined ? `${major}:${channel}` : unmade.get(path)
}
