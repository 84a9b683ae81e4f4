/** The specification of AMD's or Intel's GPUs, as engines read it. */

import { isOlder } from "../../core/cdi/rules/version.ts"
import { fail, type Result } from "../../core/fault/result.ts"
import type { FittedSpec } from "../../core/generate/fit-version.ts"
import type { Readers } from "../../core/generate/version-limit.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { findVitalLack, type ObservedVendor } from "../../core/vendor/generate-vendor-spec.ts"
import { finishSpec } from "./make-spec.ts"
import type { SpecCall } from "./spec-call.ts"

/** Faults: VendorGpuAbsent, KfdNodeMissing, those of finishSpec. */
export async function makeVendorSpec(
  observed: ObservedVendor,
  host: HostFiles,
  readers: Readers,
  { request }: Pick<SpecCall, "request">,
): Promise<Result<FittedSpec>> {
  // Without groups nothing is lost: these nodes have no owner, and engines make who runs in the container theirs.
  const hasGroups = readers.limit === undefined || !isOlder(readers.limit.version, "0.7.0")
  const made = observed.generate({ hasGroups })
  if (!made.ok) return made
  const lacking = findVitalLack(made.value)
  return lacking === undefined ? finishSpec(made.value, host, readers, request) : fail(lacking)
}
