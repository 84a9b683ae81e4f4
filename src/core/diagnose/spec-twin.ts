/** What a machine would have in a specification's place: the same kind, names and style, made of the machine as it is now. */

import type { LoadedSpec } from "../cdi/registry.ts"
import type { CdiSpec } from "../cdi/spec.ts"
import { generateSpec } from "../generate/generate-spec.ts"
import { isOfDriver, requestLike } from "../generate/request-like.ts"
import { generateVendorSpec } from "../vendor/generate-vendor-spec.ts"
import { vendorNames } from "../vendor/vendor-names.ts"
import type { CdiSubject } from "./cdi-subject.ts"

export interface SpecTwin {
  readonly source: LoadedSpec
  readonly made: CdiSpec
}

/** undefined: nobody generates such a specification, or none can be made of the machine, which its own findings say. */
export function twinOf(
  { snapshot, host }: Pick<CdiSubject, "snapshot" | "host">,
  source: LoadedSpec,
): SpecTwin | undefined {
  const { spec } = source
  const vendor = vendorNames.find((name) => spec.kind === `${name}.com/gpu`)
  const made =
    vendor !== undefined
      ? generateVendorSpec(vendor, host, { hasGroups: false })
      : isOfDriver(spec) || spec.kind === "nvidia.com/gpu"
        ? generateSpec(snapshot, { ...requestLike(spec, "/usr/bin/gantry"), trouble: "told" })
        : undefined
  return made?.ok === true ? { source, made: made.value.spec } : undefined
}
