/**
 * A specification that engines of an older version read: what that version cannot say is left out where containers work without it, and
 * told of; where they would not, there is none.
 *   groups (0.7.0): a container's user who is not root cannot open nodes that are for a group; `--group-add` does the same
 *   names that begin with a digit (0.5.0); devices that keep no other are told of by name
 */

import { mapEdits } from "../cdi/edits/map-edits.ts"
import { withLowestVersion } from "../cdi/rules/raise-version.ts"
import { isOlder, minimumVersion } from "../cdi/rules/version.ts"
import type { CdiDevice, CdiSpec } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { listSome } from "../text/list-some.ts"
import { renderEngine, type VersionLimit } from "./version-limit.ts"

export interface FittedSpec {
  readonly spec: CdiSpec
  readonly findings: readonly Finding[]
}

interface Reduction {
  readonly what: string
  /** `less`: what is left. */
  consequence(spec: CdiSpec, less: CdiSpec): string
  leaveOut(spec: CdiSpec): CdiSpec
}

/** Order: newest first. */
const reductions: readonly Reduction[] = [
  {
    what: "additionalGids",
    consequence: () => "who is not root in a container needs --group-add to open nodes that are for a group",
    leaveOut: (spec) => mapEdits(spec, (edits) => ({ ...edits, additionalGids: [] })),
  },
  {
    what: "names that begin with a digit",
    consequence: (spec, less) => renderLost(findLost(spec, less)),
    leaveOut: (spec) => ({ ...spec, devices: spec.devices.filter(({ name }) => !/^[0-9]/.test(name)) }),
  },
]

/** Names of devices that have no other: what all together are called is nobody's own. */
function findLost({ devices }: CdiSpec, less: CdiSpec): readonly string[] {
  const contentOf = ({ containerEdits }: CdiDevice): string => JSON.stringify(containerEdits)
  const kept = new Set(less.devices.filter(({ name }) => name !== "all").map(contentOf))
  return devices
    .filter((device) => device.name !== "all" && !kept.has(contentOf(device)))
    .map(({ name }) => name)
}

function renderLost(names: readonly string[]): string {
  if (names.length === 0) return "devices are named by their other names alone"
  return `${listSome(names, 3)} ${names.length === 1 ? "has no other name and is" : "have no other name and are"} not in it`
}

/** `limit` undefined: in the lowest version that can say it. Faults: CdiVersionUnreachable. */
export function fitVersion(spec: CdiSpec, limit: VersionLimit | undefined): Result<FittedSpec> {
  if (limit === undefined) return ok({ spec: withLowestVersion(spec), findings: [] })
  const findings: Finding[] = []
  const engines = limit.because.map(renderEngine)
  let fitted = spec
  let minimum = minimumVersion(spec)
  const isFitting = (): boolean => !isOlder(limit.version, minimum.version)
  for (const { what, consequence, leaveOut } of reductions) {
    if (isFitting()) break
    const less = leaveOut(fitted)
    if (JSON.stringify(less) === JSON.stringify(fitted) || less.devices.length === 0) continue
    const told = consequence(fitted, less)
    fitted = less
    minimum = minimumVersion(fitted)
    findings.push({
      severity: "warning",
      fault: fault("CdiContentLeftOut", {
        what,
        why: `${engines.join(" and ")} ${engines.length === 1 ? "reads" : "read"} CDI specifications up to ${limit.version}`,
        consequence: told,
      }),
      evidence: [],
    })
  }
  const { version, because } = minimum
  if (!isFitting())
    return fail(
      fault("CdiVersionUnreachable", {
        limit: limit.version,
        engines,
        needed: version,
        what: because?.what ?? "",
      }),
    )
  return ok({ spec: { ...fitted, cdiVersion: version }, findings })
}
