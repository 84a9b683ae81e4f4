/** What a machine would have in a specification's place: the same kind, names, devices and style, made of the machine as it is now. */

import type { CdiSpec } from "../../cdi/spec.ts"
import { ok, type Result } from "../../fault/result.ts"
import { generateSpec } from "../../generate/generate-spec.ts"
import { isGeneratedSpec } from "../../generate/generated-spec.ts"
import { callLike, requestLike } from "../../generate/request-like.ts"
import { resolveMode, type SpecRequest } from "../../generate/spec-request.ts"
import type { Inventory } from "../../inventory/inventory.ts"
import type { HostSnapshot } from "../../plan/snapshot.ts"
import { generateVendorSpec } from "../../vendor/generate-vendor-spec.ts"
import { vendorOfKind } from "../../vendor/vendor-names.ts"
import { withNamesOf } from "../../vendor/vendor-spec-like.ts"
import type { CdiSubject } from "../cdi-subject.ts"
import { chosenGpus, chosenNumbers } from "./chosen-devices.ts"

export interface SpecTwin {
  /** Of the devices that the specification's author chose. */
  readonly made: CdiSpec
  /** Of all that the machine has. */
  readonly whole: CdiSpec
  /** Nodes by which GPUs draw, by the GPU's own: of one that is cut generators leave them out, and they are nobody else's. */
  readonly drawing: ReadonlyMap<string, readonly string[]>
}

/** undefined: nobody generates such a specification, or none of NVIDIA's can be made of the machine, which its own findings say. */
export function twinOf(subject: Pick<CdiSubject, "snapshot" | "host">, spec: CdiSpec): SpecTwin | undefined {
  const vendor = vendorOfKind(spec.kind)
  if (vendor !== undefined) {
    const made = generateVendorSpec(vendor, subject.host, { hasGroups: false })
    // Where none of the vendor's GPUs is left, other GPUs may have their nodes' names by now.
    const whole = made.ok ? withNamesOf(vendor, made.value.spec, spec) : { ...spec, devices: [] }
    return { made: whole, whole, drawing: new Map() }
  }
  if (!isGeneratedSpec(spec)) return undefined
  // Which program serves hooks is not compared.
  const twin = generateTwin(subject.snapshot, spec, {
    hookProgram: "/usr/bin/gantry",
    machineFaults: "reported",
  })
  return twin.ok ? twin.value : undefined
}

export interface TwinOptions extends Pick<SpecRequest, "machineFaults"> {
  /** What serves hooks where the specification has none. */
  readonly hookProgram: string
}

/** NVIDIA's. Faults: those of generateSpec. */
export function generateTwin(
  snapshot: HostSnapshot,
  spec: CdiSpec,
  { hookProgram, machineFaults }: TwinOptions,
): Result<SpecTwin> {
  const request = { ...requestLike(spec, hookProgram), machineFaults }
  const generated = generateSpec(snapshot, request)
  if (!generated.ok) return generated
  const call = callLike(spec)
  const whole = call(generated.value.spec)
  const { inventory } = snapshot
  const areGpus = resolveMode(request.mode, inventory) === "nvml"
  const devices = areGpus ? chosenGpus(spec, inventory) : chosenNumbers(spec, whole)
  const made = devices === undefined ? generated : generateSpec(snapshot, { ...request, devices })
  return made.ok ? ok({ made: call(made.value.spec), whole, drawing: drawingOf(inventory) }) : made
}

const drawingOf = ({ gpus }: Inventory): SpecTwin["drawing"] =>
  new Map(
    gpus.flatMap(({ node, drm }) =>
      node === undefined ? [] : [[node.path, drm.map((one) => one.node.path)] as const],
    ),
  )
