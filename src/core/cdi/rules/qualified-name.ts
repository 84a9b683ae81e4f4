/** A qualified name, `vendor/class=device`, and its parts; of one that is none the reason. The rules of each part: name-rules.ts. */

import { fault } from "../../fault/fault.ts"
import { fail, ok, type Result } from "../../fault/result.ts"
import { deviceNameProblem, splitKind, vendorOrClassProblem } from "./name-rules.ts"

export interface QualifiedName {
  readonly vendor: string
  readonly class: string
  readonly device: string
}

/** `vendor/class=device`. Faults: CdiNameInvalid. */
export function parseQualifiedName(name: string): Result<QualifiedName> {
  const equals = name.indexOf("=")
  const { vendor, class: className } = splitKind(name.slice(0, Math.max(0, equals)))
  const device = equals === -1 ? "" : name.slice(equals + 1)
  if (vendor === "" || device === "")
    return fail(
      fault("CdiNameInvalid", {
        problem: `unqualified device ${JSON.stringify(name)}, missing ${missingPart(name)}`,
      }),
    )
  const problem =
    vendorOrClassProblem("vendor", vendor) ??
    vendorOrClassProblem("class", className) ??
    deviceNameProblem(device)
  return problem === undefined
    ? ok({ vendor, class: className, device })
    : fail(fault("CdiNameInvalid", { problem: `invalid device ${JSON.stringify(name)}: ${problem}` }))
}

function missingPart(name: string): string {
  const slash = name.indexOf("/")
  const equals = name.indexOf("=")
  if (slash > 0 && equals === slash + 1) return "class"
  return slash > 0 && equals > slash && equals === name.length - 1 ? "device name" : "vendor"
}

/** Shape: `vendor/class=device`. Nothing is checked; parseQualifiedName does. */
export const renderQualifiedName = (kind: string, device: string): string => `${kind}=${device}`
