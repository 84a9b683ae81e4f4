/** The OCI state that a hook gets on standard input. Source: OCI runtime specification, state; `bundlePath` is Docker before 17.06. */

import { ok, type Result } from "../fault/result.ts"
import { decodeFields, integerField, stringField } from "./decode.ts"
import { parseJsonValue } from "./json.ts"

export interface ContainerState {
  /** 0 when the state does not say. A negative one is kept. */
  readonly pid: bigint
  /** Empty when the state names none. */
  readonly bundle: string
}

const int64Max = 9223372036854775807n

/** Faults: JsonInvalid, JsonTypeWrong. */
export function parseState(text: string): Result<ContainerState> {
  const json = parseJsonValue(text, "container state")
  if (!json.ok) return json
  let pid = 0n
  let bundle = ""
  let bundlePath = ""
  const fields = {
    pid: integerField(-int64Max - 1n, int64Max, (value) => {
      pid = value
    }),
    bundle: stringField((value) => {
      bundle = value
    }),
    bundlePath: stringField((value) => {
      bundlePath = value
    }),
  }
  const decoded = decodeFields(json.value, "", fields)
  return decoded.ok ? ok({ pid, bundle: bundle === "" ? bundlePath : bundle }) : decoded
}
