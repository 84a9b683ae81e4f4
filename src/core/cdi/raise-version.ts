/** A specification in a version that can say what it says: its own, or where that is too low the lowest that can. */

import type { CdiSpec } from "./spec.ts"
import { isOlder, minimumVersion, parseVersion } from "./version.ts"

export function raiseVersion(spec: CdiSpec): CdiSpec {
  const minimum = minimumVersion(spec).version
  const written = parseVersion(spec.cdiVersion)
  return written === undefined || isOlder(written, minimum) ? { ...spec, cdiVersion: minimum } : spec
}
