/**
 * Whether this process is in a user namespace, as rootless engines have one: it is root there, and nobody in particular on the machine.
 * Source: user_namespaces(7), on /proc/PID/uid_map.
 */

import { readSmallText } from "./files/read-up-to.ts"

let known: boolean | undefined

export function isInUserNamespace(): boolean {
  // Empty where the kernel has no user namespaces.
  known ??= mapsUsers(readSmallText("/proc/self/uid_map"))
  return known
}

/** Who is not in one of its own is in the machine's, which maps every id to itself. Pure: of the text of a map. */
export const mapsUsers = (map: string): boolean => !/^\s*(?:0\s+0\s+4294967295\s*)?$/.test(map)
