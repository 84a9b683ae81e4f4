/** The native injector: from a decision to a container with its GPU. */

import { ok, type Result } from "../core/fault/result.ts"
import type { Decision } from "../core/plan/decide.ts"

export function inject(_decision: Extract<Decision, { readonly kind: "gpu" }>): Result<true> {
  return ok(true)
}
