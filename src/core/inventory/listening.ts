/**
 * Whether anybody listens at a service's socket: its file outlives it, and nothing about the file changes when the service ends. So a
 * remembered machine is asked again at each start that has sockets to give. Source: proc(5) on /proc/net/unix.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { HostFiles } from "../host/host.ts"
import type { Socket } from "./inventory.ts"
import { mpsDirectory } from "./mps-directory.ts"
import { readText } from "./proc-text.ts"

interface Service {
  /** As its unit or program is called. */
  readonly service: string
  /** Is this where it listens? By the end of the path, because `/run` has two names. */
  readonly isPlace: (path: string) => boolean
}

export const serviceOf: { readonly [N in Socket["name"]]: Service } = {
  persistenced: {
    service: "nvidia-persistenced",
    isPlace: (path) => path.endsWith("/nvidia-persistenced/socket"),
  },
  fabricmanager: {
    service: "nvidia-fabricmanager",
    isPlace: (path) => path.endsWith("/nvidia-fabricmanager/socket"),
  },
  mps: { service: "nvidia-cuda-mps-control", isPlace: (path) => path.startsWith(`${mpsDirectory}/`) },
}

export const deadSocket = ({ name, path }: Socket): Finding => ({
  severity: "warning",
  fault: fault("SocketDead", { path, service: serviceOf[name].service }),
  evidence: [`/proc/net/unix: no listener at ${path}`],
})

/** The same sockets, with what is so now. */
export function askListening(
  sockets: readonly Socket[],
  host: Pick<HostFiles, "readFile">,
): readonly Socket[] {
  const listening = observeListening(host)
  return sockets.map((socket) => ({
    ...socket,
    isListening: listening?.some(serviceOf[socket.name].isPlace),
  }))
}

/**
 * Paths that a process listens at, as it called them; undefined: the machine does not tell. Flag 0x10000 marks a listening socket; one of datagrams
 * (type 2) is served as long as it has its name.
 */
export function observeListening(host: Pick<HostFiles, "readFile">): readonly string[] | undefined {
  const text = readText(host, "/proc/net/unix")
  if (text === undefined) return undefined
  const paths: string[] = []
  for (const line of text.split("\n")) {
    // Num: RefCount Protocol Flags Type St Inode Path
    const [, flags = "", type = "", path] = /^\S+ \S+ \S+ (\S+) (\S+) \S+\s+\d+ (\/.*)$/.exec(line) ?? []
    if (path === undefined) continue
    if ((Number.parseInt(flags, 16) & 0x10000) !== 0 || Number.parseInt(type, 16) === 2) paths.push(path)
  }
  return paths
}
