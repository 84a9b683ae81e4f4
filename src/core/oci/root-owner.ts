/** Who a container's root is on the host. Source: OCI runtime specification, linux.uidMappings and gidMappings. */

import { isSameKey } from "./decode.ts"
import type { JsonValue } from "./json.ts"

/** undefined: the container has no user namespace, or maps nobody to its root. */
export function readRootOwner(spec: JsonValue): { readonly uid: number; readonly gid: number } | undefined {
  const linux = memberOf(spec, "linux")
  const uid = hostIdOfRoot(memberOf(linux, "uidMappings"))
  const gid = hostIdOfRoot(memberOf(linux, "gidMappings"))
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

function hostIdOfRoot(mappings: JsonValue | undefined): number | undefined {
  for (const mapping of mappings?.kind === "array" ? mappings.items : []) {
    const first = numberOf(memberOf(mapping, "containerID"))
    if ((first ?? 0) === 0) return numberOf(memberOf(mapping, "hostID")) ?? 0
  }
  return undefined
}

const memberOf = (value: JsonValue | undefined, name: string): JsonValue | undefined =>
  value?.kind === "object" ? value.members.findLast(({ key }) => isSameKey(key, name))?.value : undefined

const numberOf = (value: JsonValue | undefined): number | undefined =>
  value?.kind === "number" ? Number(value.text) : undefined
