/** What this process may do. Source: capabilities(7), proc(5). */

import { readFileSync } from "node:fs"

const sysAdmin = 21n

/** Mounting, and entering another's mount namespace. */
export const canAdministrate = (): boolean => mayAdministrate(readFileSync("/proc/self/status", "utf8"))

/** Pure: of the text of a process's status. */
export function mayAdministrate(status: string): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"
  return ((BigInt(`0x${effective}`) >> sysAdmin) & 1n) === 1n
}
