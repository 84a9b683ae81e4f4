/** A specification in a version that can say what it says. */

import type { CdiSpec } from "../spec.ts"
import { isOlder, minimumVersion, parseVersion, type UnversionedSpec } from "./version.ts"

export const withLowestVersion = (spec: UnversionedSpec): CdiSpec => ({
  ...spec,
  cdiVersion: minimumVersion(spec).version,
})

/** Its own version stays, unless it is too low. */
export function raiseVersion(spec: CdiSpec): CdiSpec {
  const minimum = minimumVersion(spec).version
  const written = parseVersion(spec.cdiVersion)
  return written === undefined || isOlder(written, minimum) ? { ...spec, cdiVersion: minimum } : spec
}
