/**
 * The services' sockets, and whether anybody listens: a socket file outlives its service, and a container that gets a dead one
 * waits in vain. Source: facts, nvidia-container-cli §2.4; proc(5) on /proc/net/unix.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { joinPath } from "../text/path.ts"
import type { Socket } from "./inventory.ts"
import { mpsDirectory } from "./mps-directory.ts"
import { readText } from "./proc-text.ts"

const services = [
  { name: "persistenced", path: "nvidia-persistenced/socket", service: "nvidia-persistenced" },
  { name: "fabricmanager", path: "nvidia-fabricmanager/socket", service: "nvidia-fabricmanager" },
] as const

/** `/var/run` is a link to `/run` everywhere that matters; a machine where it is none is asked too. */
const runDirectories = ["/run", "/var/run"]
const mpsService = "nvidia-cuda-mps-control"

/** Where a service's socket appears or goes. Order: as asked. */
export const socketPlaces = (driverRoot: string): readonly HostPath[] => [
  ...services.flatMap(({ path }) => placesOf(path, driverRoot)),
  hostPath(mpsDirectory),
]

const placesOf = (path: string, driverRoot: string): readonly HostPath[] =>
  [...new Set([driverRoot, "/"])].flatMap((root) =>
    runDirectories.map((directory) => hostPath(joinPath(root, directory, path))),
  )

/** Order: persistenced, fabricmanager, mps. */
export function observeSockets(host: Host, driverRoot: string, findings: Finding[]): readonly Socket[] {
  const listening = observeListening(host)
  const sockets: Socket[] = []
  const complain = (path: HostPath, service: string): void => {
    findings.push({
      severity: "warning",
      fault: fault("SocketDead", { path, service }),
      evidence: [`/proc/net/unix: no listener at ${path}`],
    })
  }
  for (const { name, path, service } of services) {
    const found = placesOf(path, driverRoot).find((candidate) => {
      const stat = host.lstat(candidate)
      return stat.ok && stat.value.kind === "socket"
    })
    if (found === undefined) continue
    const isListening = listening?.some((one) => one.endsWith(`/${path}`))
    if (isListening === false) complain(found, service)
    sockets.push({ name, path: found, isListening })
  }
  const mps = host.lstat(hostPath(mpsDirectory))
  if (mps.ok && mps.value.kind === "directory" && mps.value.uid === 0) {
    const isListening = listening?.some((one) => one.startsWith(`${mpsDirectory}/`))
    if (isListening === false) complain(hostPath(mpsDirectory), mpsService)
    sockets.push({ name: "mps", path: hostPath(mpsDirectory), isListening })
  }
  return sockets
}

/** Paths that a process listens at; undefined: the machine does not tell. Flag 0x10000 marks a listening socket. */
function observeListening(host: Host): readonly string[] | undefined {
  const text = readText(host, "/proc/net/unix")
  if (text === undefined) return undefined
  const paths: string[] = []
  for (const line of text.split("\n")) {
    // Num: RefCount Protocol Flags Type St Inode Path
    const match = /^\S+ \S+ \S+ (\S+) \S+ \S+\s+\d+ (\/.*)$/.exec(line)
    if (match !== null && (Number.parseInt(match[1] ?? "", 16) & 0x10000) !== 0) paths.push(match[2] ?? "")
  }
  return paths
}
