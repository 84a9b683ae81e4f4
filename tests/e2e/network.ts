/** A network of cells: a bridge in a cell of its own, and a cable to each. The kernel takes it away with their namespaces. */

import { mustRun } from "./bundle.ts"
import { startCell } from "./isolation.ts"

export interface Network {
  /** Plugs a cell in that has just begun. `host`, 1 to 9: the last of its address; its card's is always the same too. */
  plug(pid: number, host: number): void
  stop(): Promise<void>
}

export const addressOf = (host: number): string => `10.99.0.${host}`

/** In a cell's network. Process ids that it is told are ours. */
const ip = (pid: number, ...args: readonly string[]): string =>
  mustRun("nsenter", [`--target=${pid}`, "--net", "ip", ...args])

export async function startNetwork(): Promise<Network> {
  const { pid: hub, stop } = await startCell({ name: "network", environment: {} })
  ip(hub, "link", "add", "bridge", "type", "bridge")
  ip(hub, "link", "set", "bridge", "up")
  let ports = 0
  return {
    stop,
    plug(pid, host) {
      const port = `port${ports++}`
      const card = ["name", "eth0", "address", `02:00:00:00:00:0${host}`, "netns", `${pid}`]
      ip(hub, "link", "add", port, "type", "veth", "peer", ...card)
      ip(hub, "link", "set", port, "master", "bridge", "up")
      ip(pid, "address", "add", `${addressOf(host)}/24`, "dev", "eth0")
      ip(pid, "link", "set", "eth0", "up")
    },
  }
}
