/**
 * The services' sockets, and whether anybody listens: a container that gets a dead one waits in vain.
 * Source: facts, nvidia-container-cli §2.4.
 */

import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { joinPath } from "../text/path.ts"
import type { Socket } from "./inventory.ts"
import { askListening, deadSocket } from "./listening.ts"
import { mpsDirectory } from "./mps-directory.ts"

const services = [
  { name: "persistenced", path: "nvidia-persistenced/socket" },
  { name: "fabricmanager", path: "nvidia-fabricmanager/socket" },
] as const

/** `/var/run` is a link to `/run` everywhere that matters; a machine where it is none is asked too. */
const runDirectories = ["/run", "/var/run"]

/** Where a service's socket appears or goes. Order: as asked. */
export const socketPlaces = (driverRoot: string): readonly HostPath[] => [
  ...services.flatMap(({ path }) => placesOf(path, driverRoot)),
  hostPath(mpsDirectory),
]

const placesOf = (path: string, driverRoot: string): readonly HostPath[] =>
  [...new Set([driverRoot, "/"])].flatMap((root) =>
    runDirectories.map((directory) => hostPath(joinPath(root, directory, path))),
  )

export interface ObservedSockets {
  /** Order: persistenced, fabricmanager, mps. */
  readonly sockets: readonly Socket[]
  /** Of those at which nobody listens. Order: the same. */
  readonly findings: readonly Finding[]
}

export function observeSockets(host: Host, driverRoot: string): ObservedSockets {
  const found: Socket[] = []
  for (const { name, path } of services) {
    const place = placesOf(path, driverRoot).find((candidate) => isSocket(host, candidate))
    if (place !== undefined) found.push({ name, path: place, isListening: undefined })
  }
  const mps = host.lstat(hostPath(mpsDirectory))
  if (mps.ok && mps.value.kind === "directory" && mps.value.uid === 0)
    found.push({ name: "mps", path: hostPath(mpsDirectory), isListening: undefined })
  const sockets = askListening(found, host)
  return { sockets, findings: sockets.filter(({ isListening }) => isListening === false).map(deadSocket) }
}

function isSocket(host: Host, path: HostPath): boolean {
  const stat = host.lstat(path)
  return stat.ok && stat.value.kind === "socket"
}
