/** The user of a container's process, and whether its ids are mapped: who owns nodes and binds whose specification names nobody. */

import { ok, type Result } from "../../fault/result.ts"
import { decodeFields, type FieldReader, type Fields, listField, stringField } from "../../oci/decode.ts"
import type { JsonValue } from "../../oci/json.ts"

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
  const ids = { uid: 0, gid: 0 }
  const has = { userNamespace: false, uidMappings: false, gidMappings: false }
  const id =
    (name: keyof typeof ids): FieldReader =>
    (value) => {
      if (value.kind === "number" && /^[0-9]+$/.test(value.text)) ids[name] = Number(value.text)
      return ok(true)
    }
  const mappings =
    (name: "uidMappings" | "gidMappings"): FieldReader =>
    (value) => {
      has[name] = value.kind === "array" && value.items.length > 0
      return ok(true)
    }
  const namespaceType = stringField((type) => {
    if (type === "user") has.userNamespace = true
  })
  const fieldsOf =
    (fields: Fields): FieldReader =>
    (value, path) =>
      decodeFields(value, path, fields)
  const namespace = fieldsOf({ type: namespaceType })
  const read = decodeFields(root, "", {
    process: fieldsOf({ user: fieldsOf({ uid: id("uid"), gid: id("gid") }) }),
    linux: fieldsOf({
      uidMappings: mappings("uidMappings"),
      gidMappings: mappings("gidMappings"),
      namespaces: listField<true>(
        [],
        () => true,
        (_, one, place) => namespace(one, place),
        () => undefined,
      ),
    }),
  })
  if (!read.ok) return read
  return ok({
    uid: ids.uid,
    gid: ids.gid,
    hasUserNamespace: has.userNamespace,
    hasIdMappings: has.userNamespace && has.uidMappings && has.gidMappings,
  })
}
