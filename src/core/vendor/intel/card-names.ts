/**
 * `card1`, as Intel's released generator names a device: by its card node. Ours gives no such name, since the number is another after the next boot;
 * a file that has them is held against its machine by them, and made anew with them. Source: Intel's resource drivers for Kubernetes,
 * specs-generator-v0.3.0 to gpu-v0.8.0.
 */

import type { CdiDevice, CdiSpec } from "../../cdi/spec.ts"

const cardName = /^card\d+$/

/** The specification, and each GPU under the name of its card too where `like` has such names. Order: devices by name. */
export function withCardNames(spec: CdiSpec, like: CdiSpec): CdiSpec {
  if (!like.devices.some(({ name }) => cardName.test(name))) return spec
  const gpus = spec.devices.filter(({ name }) => /^\d+$/.test(name))
  const devices = [...spec.devices, ...gpus.flatMap(underCardName)]
  return { ...spec, devices: devices.sort((one, other) => (one.name < other.name ? -1 : 1)) }
}

/** Empty: it has no card node. */
function underCardName(device: CdiDevice): readonly CdiDevice[] {
  const paths = device.containerEdits.deviceNodes.map(({ path }) => path.slice("/dev/dri/".length))
  return paths.filter((name) => cardName.test(name)).map((name) => ({ ...device, name }))
}
