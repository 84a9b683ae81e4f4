/**
 * What is wrong with GPUs of AMD's and Intel's whose specifications are here. A GPU that is not whole is in none, as whoever generates them leaves it
 * out: the specification is right then, and a container that asks for the GPU fails all the same.
 */

import type { Finding } from "../../fault/finding.ts"
import { findVendorTrouble, generateVendorSpec } from "../../vendor/generate-vendor-spec.ts"
import { vendorNames, vendorOfKind } from "../../vendor/vendor-names.ts"
import { type CdiSubject, winners } from "../cdi-subject.ts"

/** No error: what is wrong with a specification has one of its own. Order: by vendor, as found. */
export function checkVendorGpus({ registry, host }: CdiSubject): readonly Finding[] {
  const vendors = new Set(winners(registry).map(({ source }) => vendorOfKind(source.spec.kind)))
  return vendorNames
    .filter((vendor) => vendors.has(vendor))
    .flatMap((vendor): readonly Finding[] => {
      const made = generateVendorSpec(vendor, host, { hasGroups: false })
      const absence: readonly Finding[] = made.ok
        ? []
        : [{ severity: "warning", fault: made.fault, evidence: [] }]
      const trouble = made.ok ? made.value.findings : findVendorTrouble(vendor, host)
      return [
        ...absence,
        ...trouble.map((one): Finding => (one.severity === "error" ? { ...one, severity: "warning" } : one)),
      ]
    })
}
