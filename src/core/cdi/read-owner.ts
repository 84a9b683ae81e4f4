/** The user of a container's process, and whether its ids are mapped: who owns nodes and binds whose specification names nobody. */

import { ok, type Result } from "../fault/result.ts"
import { decodeFields, listField, stringField } from "../oci/decode.ts"
import type { JsonValue } from "../oci/json.ts"

export interface Owner {
  /** 0: root, or nobody says. */
  readonly uid: number
  readonly gid: number
  readonly hasUserNamespace: boolean
  /** Its user namespace has ids of users and groups written down; who joins another's has none. */
  readonly hasIdMappings: boolean
}

/** Faults: JsonTypeWrong. */
export function readOwner(root: JsonValue): Result<Owner> {
  const owner = { uid: 0, gid: 0, hasUserNamespace: false }
  const mapped = { uidMappings: false, gidMappings: false }
  const mappings = (name: keyof typeof mapped) => (value: JsonValue) => {
    mapped[name] = value.kind === "array" && value.items.length > 0
    return ok(true) as Result<true>
  }
  const id = (name: "uid" | "gid") => (value: JsonValue) => {
    if (value.kind === "number" && /^[0-9]+$/.test(value.text)) owner[name] = Number(value.text)
    return ok(true) as Result<true>
  }
  const read = decodeFields(root, "", {
    process: (process, at) =>
      decodeFields(process, at, {
        user: (user, place) => decodeFields(user, place, { uid: id("uid"), gid: id("gid") }),
      }),
    linux: (linux, at) =>
      decodeFields(linux, at, {
        uidMappings: mappings("uidMappings"),
        gidMappings: mappings("gidMappings"),
        namespaces: listField<true>(
          [],
          () => true,
          (_, namespace, place) => {
            const decoded = decodeFields(namespace, place, {
              type: stringField((type) => {
                if (type === "user") owner.hasUserNamespace = true
              }),
            })
            return decoded.ok ? ok(true) : decoded
          },
          () => undefined,
        ),
      }),
  })
  const hasIdMappings = owner.hasUserNamespace && mapped.uidMappings && mapped.gidMappings
  return read.ok ? ok({ ...owner, hasIdMappings }) : read
}
