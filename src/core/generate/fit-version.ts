/**
 * A specification that engines of an older version read: what that version cannot say is left out where containers work without it, and
 * told of; where they would not, there is none.
 *   groups (0.7.0): a container's user who is not root cannot open nodes that are for a group; `--group-add` does the same
 *   names that begin with a digit (0.5.0), where each of these devices keeps another name
 */

import { mapEdits } from "../cdi/map-edits.ts"
import type { CdiDevice, CdiSpec } from "../cdi/spec.ts"
import { isOlder, minimumVersion } from "../cdi/version.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { renderEngine, type VersionLimit } from "./version-limit.ts"

export interface FittedSpec {
  readonly spec: CdiSpec
  readonly findings: readonly Finding[]
}

interface Step {
  readonly what: string
  readonly consequence: string
  /** undefined: containers would lack something. */
  leaveOut(spec: CdiSpec): CdiSpec | undefined
}

/** Order: newest first. */
const steps: readonly Step[] = [
  {
    what: "additionalGids",
    consequence: "who is not root in a container needs --group-add to open nodes that are for a group",
    leaveOut: (spec) => mapEdits(spec, (edits) => ({ ...edits, additionalGids: [] })),
  },
  {
    what: "names that begin with a digit",
    consequence: "devices are named by their other names alone",
    leaveOut: leaveNumbers,
  },
]

function leaveNumbers(spec: CdiSpec): CdiSpec | undefined {
  const beginsWithDigit = ({ name }: CdiDevice): boolean => /^[0-9]/.test(name)
  const contentOf = ({ containerEdits }: CdiDevice): string => JSON.stringify(containerEdits)
  const devices = spec.devices.filter((device) => !beginsWithDigit(device))
  const kept = new Set(devices.map(contentOf))
  const isNowhereElse = (device: CdiDevice): boolean =>
    beginsWithDigit(device) && !kept.has(contentOf(device))
  return spec.devices.some(isNowhereElse) ? undefined : { ...spec, devices }
}

/** `limit` undefined: whatever it needs. Faults: CdiVersionUnreachable. */
export function fitVersion(spec: CdiSpec, limit: VersionLimit | undefined): Result<FittedSpec> {
  const findings: Finding[] = []
  const engines = limit?.because.map(renderEngine) ?? []
  let fitted = spec
  let minimum = minimumVersion(spec)
  const isFitting = (): boolean => limit === undefined || !isOlder(limit.version, minimum.version)
  for (const { what, consequence, leaveOut } of steps) {
    if (isFitting()) break
    const less = leaveOut(fitted)
    if (less === undefined || JSON.stringify(less) === JSON.stringify(fitted)) continue
    fitted = less
    minimum = minimumVersion(fitted)
    findings.push({
      severity: "warning",
      fault: fault("CdiContentLeftOut", {
        what,
        why: `${engines.join(" and ")} ${engines.length === 1 ? "reads" : "read"} CDI specifications up to ${limit?.version}`,
        consequence,
      }),
      evidence: [],
    })
  }
  const { version, because } = minimum
  if (limit !== undefined && !isFitting())
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
