/** What lies in a directory, by name. */

import type { HostFiles } from "../host/host.ts"
import { hostPath } from "../text/brand.ts"

/** Names in a directory; none when there is none. */
export function namesIn(host: Pick<HostFiles, "readDir">, path: string): readonly string[] {
  const names = host.readDir(hostPath(path))
  return names.ok ? names.value : []
}

/** By the last number in the name: nvidia-cap2 before nvidia-cap10. */
export function byNumber(one: string, other: string): number {
  const numberOf = (name: string): number => Number(/(\d+)$/.exec(name)?.[1] ?? -1)
  return numberOf(one) - numberOf(other) || (one < other ? -1 : one > other ? 1 : 0)
}
