/** Several specifications of one kind as one file. */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { mergeEdits } from "./edits/merge-edits.ts"
import { locateNowhere } from "./read/spec-source.ts"
import { withLowestVersion } from "./rules/raise-version.ts"
import { validateSpec } from "./rules/validate-spec.ts"
import type { CdiSpec } from "./spec.ts"

/**
 * One specification with all devices, in the lowest version that can say it. Edits for every container hold for every device of the whole.
 * Faults: CdiSpecsUnmergeable; CdiNetDeviceInvalid and the other faults of validateSpec, where the whole breaks a rule.
 */
export function mergeSpecs(specs: readonly [CdiSpec, ...CdiSpec[]]): Result<CdiSpec> {
  const [{ kind }] = specs
  const other = specs.find((spec) => spec.kind !== kind)
  if (other !== undefined)
    return fail(
      fault("CdiSpecsUnmergeable", {
        problem: `their kinds are ${JSON.stringify(kind)} and ${JSON.stringify(other.kind)}`,
      }),
    )
  const devices = specs.flatMap((spec) => spec.devices)
  const seen = new Set<string>()
  for (const { name } of devices) {
    if (seen.has(name))
      return fail(fault("CdiSpecsUnmergeable", { problem: `both have a device ${JSON.stringify(name)}` }))
    seen.add(name)
  }
  const spec = withLowestVersion({
    kind,
    annotations: new Map(specs.flatMap(({ annotations }) => [...annotations])),
    devices,
    containerEdits: mergeEdits(specs.map(({ containerEdits }) => containerEdits)),
  })
  const [broken] = validateSpec(spec, locateNowhere("the merged specification"))
  return broken === undefined ? ok(spec) : fail(broken)
}
