/**
 * A vendor's specification in the style of one that is there: its kinds of names, groups or none, what it says of each node (rights, numbers,
 * owner), and places in /dev/dri/by-path as mounts where it has them so. For comparing one with its machine, and for making it anew.
 */

import { mapEdits } from "../cdi/edits/map-edits.ts"
import { shapeOfName } from "../cdi/rules/name-shape.ts"
import {
  allEdits,
  type CdiSpec,
  type ContainerEdits,
  type DeviceNode,
  hostPathOf,
  type Mount,
} from "../cdi/spec.ts"
import { ok, type Result } from "../fault/result.ts"
import type { HostFiles } from "../host/host.ts"
import { hostPath } from "../text/brand.ts"
import type { GeneratedVendorSpec } from "./compose-spec.ts"
import { generateVendorSpec } from "./generate-vendor-spec.ts"
import { withCardNames } from "./intel/card-names.ts"
import type { VendorName } from "./vendor-names.ts"

/** Faults: VendorGpuAbsent. */
export function generateVendorSpecLike(
  vendor: VendorName,
  host: HostFiles,
  like: CdiSpec,
): Result<GeneratedVendorSpec> {
  const edits = allEdits(like)
  const made = generateVendorSpec(vendor, host, {
    hasGroups: edits.some(({ additionalGids }) => additionalGids.length > 0),
  })
  if (!made.ok) return made
  const { findings } = made.value
  const spec = withNamesOf(vendor, made.value.spec, like)
  const shapes = new Set(like.devices.map(({ name }) => shapeOfName(name)))
  const alike = spec.devices.filter(({ name }) => shapes.has(shapeOfName(name)))
  // One of parts alone, of GPUs that are whole by now, has a device all the same.
  const devices = alike.length > 0 ? alike : spec.devices
  const style = styleOf(edits)
  const styled = mapEdits({ ...spec, devices }, (own) => withMounts(withNodes(own, style, host), style))
  return ok({ spec: styled, findings })
}

/** Also the names that only another generator gives, where the specification has them. */
export const withNamesOf = (vendor: VendorName, made: CdiSpec, like: CdiSpec): CdiSpec =>
  vendor === "intel" ? withCardNames(made, like) : made

interface Style {
  readonly first: DeviceNode | undefined
  readonly byPath: ReadonlyMap<string, DeviceNode>
  readonly byKind: ReadonlyMap<string, DeviceNode>
  /** Of a place in /dev/dri/by-path. */
  readonly mount: Mount | undefined
}

/** Of all edits together: a specification may have thousands of devices. */
function styleOf(like: readonly ContainerEdits[]): Style {
  const models = like.flatMap(({ deviceNodes }) => deviceNodes)
  return {
    first: models[0],
    byPath: new Map(models.map((node) => [node.path, node])),
    byKind: new Map(models.map((node) => [kindOf(node), node])),
    mount: like.flatMap(({ mounts }) => mounts).find(({ containerPath }) => containerPath.startsWith(places)),
  }
}

function withNodes(own: ContainerEdits, { first, byPath, byKind }: Style, host: HostFiles): ContainerEdits {
  return {
    ...own,
    deviceNodes: own.deviceNodes.map((node) => {
      const model = byPath.get(node.path) ?? byKind.get(kindOf(node)) ?? first
      return model === undefined ? node : styleNode(node, model, host)
    }),
  }
}

/** `/dev/dri/card`, `/dev/kfd`, `/dev/dri/by-path/pci--render`: without what tells one of them from another. */
const kindOf = ({ path }: DeviceNode): string =>
  path.replaceAll(/(?:[0-9a-f]+:){2}[0-9a-f]+\.[0-7]|[0-9]+/g, "")

/** As much as the model says, and what it says as the machine has it. */
function styleNode(node: DeviceNode, model: DeviceNode, host: HostFiles): DeviceNode {
  const { permissions } = model
  const stat = host.lstat(hostPath(hostPathOf(node)))
  if (!stat.ok) return { ...node, permissions }
  const { major, minor, mode, uid, gid } = stat.value
  return {
    ...node,
    permissions,
    type: model.type === "" ? "" : "c",
    ...(model.major === 0 ? {} : { major, minor }),
    ...(model.fileMode === undefined ? {} : { fileMode: mode & 0o777 }),
    ...(model.uid === undefined ? {} : { uid }),
    ...(model.gid === undefined ? {} : { gid }),
  }
}

const places = "/dev/dri/by-path/"

function withMounts(own: ContainerEdits, { mount: model }: Style): ContainerEdits {
  if (model === undefined) return own
  const placed = own.deviceNodes.filter(({ path }) => path.startsWith(places))
  return {
    ...own,
    deviceNodes: own.deviceNodes.filter((node) => !placed.includes(node)),
    mounts: [...own.mounts, ...placed.map(({ path }) => ({ ...model, hostPath: path, containerPath: path }))],
  }
}
