/**
 * What a CDI hook is told of its container: the state on standard input, and of the bundle's config.json the root alone. The field
 * `root` of the state is no part of the specification; crun writes it. Source: OCI runtime specification, state and config.
 */

import { ok, type Result } from "../fault/result.ts"
import { decodeFields, stringField } from "./decode.ts"
import { parseJsonValue } from "./json.ts"

export interface HookState {
  /** Empty when the state names none. */
  readonly bundle: string
  /** Empty when the state names none. */
  readonly root: string
}

/** Faults: JsonInvalid, JsonTypeWrong. */
export function parseHookState(text: string): Result<HookState> {
  const json = parseJsonValue(text, "container state")
  if (!json.ok) return json
  let bundle = ""
  let root = ""
  const decoded = decodeFields(json.value, "", {
    bundle: stringField((value) => {
      bundle = value
    }),
    root: stringField((value) => {
      root = value
    }),
  })
  return decoded.ok ? ok({ bundle, root }) : decoded
}

/** `root.path` of config.json, as written; empty when there is none. Faults: JsonInvalid, JsonTypeWrong. */
export function parseRootPath(text: string): Result<string> {
  const json = parseJsonValue(text, "OCI spec")
  if (!json.ok) return json
  let path = ""
  const decoded = decodeFields(json.value, "", {
    root: (value, at) =>
      decodeFields(value, at, {
        path: stringField((written) => {
          path = written
        }),
      }),
  })
  return decoded.ok ? ok(path) : decoded
}
