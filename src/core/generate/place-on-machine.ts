/** A specification of a machine that lies in a directory: engines find its nodes and files there. What serves hooks is this machine's. */

import { mapEdits } from "../cdi/edits/map-edits.ts"
import { unplaceEdits } from "../cdi/edits/unplace-edits.ts"
import type { LoadedSpec, RegisteredDevice, Registry } from "../cdi/registry/registry.ts"
import { type CdiDevice, type CdiSpec, editsWithPaths, hostPathOf, isBindMount } from "../cdi/spec.ts"

/** `placeOf` undefined: the path means itself. The version is left to who writes it. */
export function placeOnMachine(spec: CdiSpec, placeOf: (path: string) => string | undefined): CdiSpec {
  return mapEdits(spec, (edits) => ({
    ...edits,
    deviceNodes: edits.deviceNodes.map((node) => {
      const hostPath = placeOf(hostPathOf(node))
      return hostPath === undefined || hostPath === node.path ? node : { ...node, hostPath }
    }),
    mounts: edits.mounts.map((mount) =>
      isBindMount(mount) ? { ...mount, hostPath: placeOf(mount.hostPath) ?? mount.hostPath } : mount,
    ),
  }))
}

/** The other way: as the machine itself calls its nodes and files. `directory`: where it lies. */
export const unplaceSpec = (spec: CdiSpec, directory: string): CdiSpec =>
  mapEdits(spec, (edits) => unplaceEdits(edits, directory))

const isPlacedBelow = (spec: CdiSpec, directory: string): boolean =>
  editsWithPaths(spec).some(({ edits: { deviceNodes, mounts } }) =>
    [...deviceNodes, ...mounts].some(({ hostPath }) => hostPath.startsWith(`${directory}/`)),
  )

/** All specifications of a machine as it calls its own paths, and the files that had been placed. */
export function unplaceRegistry(
  registry: Registry,
  directory: string,
): { readonly registry: Registry; readonly files: ReadonlySet<string> | undefined } {
  const placed = registry.specs.filter(({ spec }) => isPlacedBelow(spec, directory))
  if (placed.length === 0) return { registry, files: undefined }
  const specs = new Map<LoadedSpec, LoadedSpec>()
  const devices = new Map<CdiDevice, CdiDevice>()
  for (const source of registry.specs) {
    const spec = placed.includes(source) ? unplaceSpec(source.spec, directory) : source.spec
    specs.set(source, { ...source, spec })
    for (const [index, device] of source.spec.devices.entries())
      devices.set(device, spec.devices[index] ?? device)
  }
  const specOf = (source: LoadedSpec): LoadedSpec => specs.get(source) ?? source
  const deviceOf = (one: RegisteredDevice): RegisteredDevice => ({
    ...one,
    device: devices.get(one.device) ?? one.device,
    source: specOf(one.source),
    hidden: one.hidden.map(specOf),
  })
  return {
    registry: {
      ...registry,
      specs: registry.specs.map(specOf),
      devices: new Map([...registry.devices].map(([name, one]) => [name, deviceOf(one)])),
    },
    files: new Set(placed.map(({ path }) => path)),
  }
}
