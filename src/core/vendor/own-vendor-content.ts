/** What an author put into a specification of AMD's or Intel's GPUs that no generator would have written: who renews the file must not take it away. */

import { shapeOfName } from "../cdi/rules/name-shape.ts"
import { allEdits, type CdiSpec, type ContainerEdits } from "../cdi/spec.ts"
import { deviceShapes } from "./device-shapes.ts"
import type { VendorName } from "./vendor-names.ts"

/** In words; undefined: nothing. `made`: of the same machine, in the same style. */
export function findOwnVendorContent(vendor: VendorName, spec: CdiSpec, made: CdiSpec): string | undefined {
  const stranger = spec.devices.find(({ name }) => !deviceShapes[vendor].has(shapeOfName(name)))
  if (stranger !== undefined) return `a device ${JSON.stringify(stranger.name)}`
  const [note] = [spec, ...spec.devices].flatMap(({ annotations }) => [...annotations.keys()])
  if (note !== undefined) return `the annotation ${note}`
  const groups = new Set(allEdits(made).flatMap(({ additionalGids }) => additionalGids))
  for (const edits of allEdits(spec)) {
    const own = findOwnEdit(edits, groups)
    if (own !== undefined) return own
  }
  return undefined
}

function findOwnEdit(edits: ContainerEdits, groups: ReadonlySet<number>): string | undefined {
  const [entry] = edits.env
  if (entry !== undefined) return `the variable ${entry.slice(0, entry.indexOf("="))}`
  const node = edits.deviceNodes.find(({ path }) => !gpuNode.test(path))
  if (node !== undefined) return `the device node ${node.path}`
  const mount = edits.mounts.find(({ containerPath }) => !containerPath.startsWith("/dev/dri/by-path/pci-"))
  if (mount !== undefined) return `the mount of ${mount.containerPath}`
  const [hook] = edits.hooks
  if (hook !== undefined) return `the hook ${hook.path}`
  const gid = edits.additionalGids.find((one) => !groups.has(one))
  if (gid !== undefined) return `the group ${gid}`
  return edits.intelRdt !== undefined || edits.netDevices.length > 0 ? "intelRdt or netDevices" : undefined
}

/**
 * Nodes that the kernel's drivers of GPUs make, whatever their numbers were; and the directory of them, which Intel's generator writes as the card of a
 * GPU that has none, and no engine can give.
 */
const gpuNode = /^\/dev\/(?:kfd$|dri$|dri\/(?:card\d|renderD\d|by-path\/pci-))/
