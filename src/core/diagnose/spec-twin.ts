/** What a machine would have in a specification's place: the same kind, names, devices and style, made of the machine as it is now. */

import type { CdiSpec } from "../cdi/spec.ts"
import { generateSpec } from "../generate/generate-spec.ts"
import { isMachineName } from "../generate/machine-names.ts"
import { isGeneratedSpec, requestLike } from "../generate/request-like.ts"
import { generateVendorSpec } from "../vendor/generate-vendor-spec.ts"
import { vendorOfKind } from "../vendor/vendor-names.ts"
import type { CdiSubject } from "./cdi-subject.ts"

export interface SpecTwin {
  /** Of the devices that the specification's author chose. */
  readonly made: CdiSpec
  /** Of all that the machine has. */
  readonly whole: CdiSpec
}

/** undefined: nobody generates such a specification, or none can be made of the machine, which its own findings say. */
export function twinOf(subject: Pick<CdiSubject, "snapshot" | "host">, spec: CdiSpec): SpecTwin | undefined {
  const vendor = vendorOfKind(spec.kind)
  if (vendor !== undefined) {
    const made = generateVendorSpec(vendor, subject.host, { hasGroups: false })
    return made.ok ? { made: made.value.spec, whole: made.value.spec } : undefined
  }
  if (!isGeneratedSpec(spec)) return undefined
  const whole = generateLike(subject, spec, ["all"])
  if (whole === undefined) return undefined
  const chosen = chosenDevices(spec, whole)
  const made = chosen === undefined ? whole : generateLike(subject, spec, chosen)
  return made && { made, whole }
}

function generateLike(
  { snapshot }: Pick<CdiSubject, "snapshot">,
  spec: CdiSpec,
  devices: readonly string[],
): CdiSpec | undefined {
  // Which program serves hooks is not compared.
  const request = requestLike(spec, "/usr/bin/gantry")
  const made = generateSpec(snapshot, { ...request, devices, trouble: "told" })
  return made.ok ? made.value.spec : undefined
}

/** Selectors of what an author chose; undefined: all that the machine has, or once had. */
function chosenDevices(spec: CdiSpec, whole: CdiSpec): readonly string[] | undefined {
  const written = new Set(spec.devices.map(({ name }) => name))
  const known = whole.devices.map(({ name }) => name).filter((name) => name !== "all")
  const chosen = known.filter((name) => written.has(name))
  const isOld = [...written].some((name) => name !== "all" && isMachineName(name) && !known.includes(name))
  return isOld || chosen.length === 0 || chosen.length === known.length
    ? undefined
    : // A name that says its type is no selector.
      chosen.map((name) => name.replace(/^(?:gpu|mig)(?=\d)/, ""))
}
