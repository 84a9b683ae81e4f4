/**
 * Names of devices beside those that their machine would have now: names of what is gone, and devices that no name gives. Of NVIDIA's GPUs, whose
 * names say more, check-gpus.ts.
 */

import { shapeOfName } from "../../cdi/rules/name-shape.ts"
import type { CdiSpec, ContainerEdits } from "../../cdi/spec.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { deviceShapes } from "../../vendor/device-shapes.ts"
import { vendorOfKind } from "../../vendor/vendor-names.ts"
import { found, type Winner } from "../cdi-subject.ts"

/** `made`: as the machine would have it. Order: names of what is gone as in the file, then one finding of all that is in no name. */
export function checkDeviceNames(winner: Winner, made: CdiSpec): readonly Finding[] {
  const known = new Set(made.devices.map(({ name }) => name))
  return [...checkGone(winner, made.kind, known), ...checkUnlisted(winner, made.kind, known)]
}

/** A name that generators give, and that nothing has any more. An author's own names say nothing that could be judged. */
function checkGone(
  { source, devices }: Winner,
  kind: string,
  known: ReadonlySet<string>,
): readonly Finding[] {
  const vendor = vendorOfKind(kind)
  const shapes = new Set([
    ...[...known].map(shapeOfName),
    // A machine whose GPUs are whole has no name of a part, by which it could be known that a part is gone.
    ...(vendor === undefined ? [] : deviceShapes[vendor]),
  ])
  return devices
    .filter(
      ({ device: { device } }) =>
        !known.has(device.name) &&
        shapes.has(shapeOfName(device.name)) &&
        !isForVirtualMachine(device.containerEdits),
    )
    .map(({ device: { name }, index }) =>
      found(
        "error",
        fault("CdiDeviceGone", {
          place: source.locate(["devices", index, "name"]),
          device: name,
          means: `${kind} of that name`,
        }),
      ),
    )
}

/** Names of a shape that the file uses: who names GPUs by their index has not forgotten their UUIDs. */
function checkUnlisted({ source }: Winner, kind: string, known: ReadonlySet<string>): readonly Finding[] {
  const names = new Set(source.spec.devices.map(({ name }) => name))
  const shapes = new Set([...names].map(shapeOfName))
  const missed = [...known].filter((name) => !names.has(name) && shapes.has(shapeOfName(name)))
  if (missed.length === 0) return []
  return [found("warning", fault("CdiDevicesUnlisted", { devices: missed.map((name) => `${kind}=${name}`) }))]
}

/** A GPU that is kept for a virtual machine: no container computes on it, and generators of GPUs leave it out. */
const isForVirtualMachine = ({ deviceNodes }: ContainerEdits): boolean =>
  deviceNodes.length > 0 && deviceNodes.every(({ path }) => path.startsWith("/dev/vfio/"))
