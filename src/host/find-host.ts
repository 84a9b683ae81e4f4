/** What a machine's name means: this machine, a simulated one's directory, or a recording's file. */

import { statSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"

export type HostPlace =
  | { readonly kind: "live" }
  | { readonly kind: "simulated"; readonly directory: string }
  | { readonly kind: "recording"; readonly file: string }

/** `undefined` and `live` are this machine. Faults: HostUnknown. */
export function findHost(selector: string | undefined): Result<HostPlace> {
  if (selector === undefined || selector === "live") return ok({ kind: "live" })
  try {
    return statSync(selector).isDirectory()
      ? ok({ kind: "simulated", directory: selector.replace(/\/+$/, "") || "/" })
      : ok({ kind: "recording", file: selector })
  } catch {
    return fail(fault("HostUnknown", { selector }))
  }
}
