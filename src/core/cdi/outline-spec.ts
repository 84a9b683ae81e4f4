/**
 * A specification as ordered plain data, without what means nothing: what both renderers write.
 * Order: fields as the released Go types have them, annotations by name, lists as they are.
 */

import { shareResults } from "./edits/map-edits.ts"
import type { CdiSpec, ContainerEdits, DeviceNode, Hook, IntelRdt, Mount } from "./spec.ts"

/** Pairs, because an object would lose `__proto__` and reorder names that are numbers. */
export type OutlineMap = { readonly members: readonly (readonly [string, Outline])[] }
export type Outline = string | number | boolean | readonly Outline[] | OutlineMap

type Member = readonly [name: string, value: Outline | undefined | ReadonlyMap<string, string>]

export function outlineSpec(spec: CdiSpec): OutlineMap {
  const outline = shareEdits()
  return map(
    ["cdiVersion", spec.cdiVersion],
    ["kind", spec.kind],
    ["annotations", annotations(spec.annotations)],
    [
      "devices",
      spec.devices.map((device) =>
        map(
          ["name", device.name],
          ["annotations", annotations(device.annotations)],
          ["containerEdits", outline(device.containerEdits)],
        ),
      ),
    ],
    ["containerEdits", nonEmpty(outlineEdits(spec.containerEdits))],
  )
}

export const outlineEdits = (edits: ContainerEdits): OutlineMap => outlineWith(edits, outlineNode)

/** Edits and nodes that are the same have the same outline: a device under several names, and all devices as one. */
function shareEdits(): (edits: ContainerEdits) => OutlineMap {
  const node = shareResults(outlineNode)
  return shareResults((edits: ContainerEdits) => outlineWith(edits, node))
}

const outlineWith = (edits: ContainerEdits, node: (one: DeviceNode) => OutlineMap): OutlineMap =>
  map(
    ["env", some(edits.env)],
    ["deviceNodes", some(edits.deviceNodes.map(node))],
    [
      "netDevices",
      some(
        edits.netDevices.map(({ hostInterfaceName, name }) =>
          map(["hostInterfaceName", hostInterfaceName], ["name", name]),
        ),
      ),
    ],
    ["hooks", some(edits.hooks.map(outlineHook))],
    ["mounts", some(edits.mounts.map(outlineMount))],
    ["intelRdt", edits.intelRdt && outlineRdt(edits.intelRdt)],
    ["additionalGids", some(edits.additionalGids)],
  )

const outlineNode = (node: DeviceNode): OutlineMap =>
  map(
    ["path", node.path],
    ["hostPath", filled(node.hostPath)],
    ["type", filled(node.type)],
    ["major", node.major || undefined],
    ["minor", node.minor || undefined],
    ["fileMode", node.fileMode],
    ["permissions", filled(node.permissions)],
    ["uid", node.uid],
    ["gid", node.gid],
  )

const outlineHook = (hook: Hook): OutlineMap =>
  map(
    ["hookName", hook.hookName],
    ["path", hook.path],
    ["args", some(hook.args)],
    ["env", some(hook.env)],
    ["timeout", hook.timeout],
  )

const outlineMount = (mount: Mount): OutlineMap =>
  map(
    ["hostPath", mount.hostPath],
    ["containerPath", mount.containerPath],
    ["options", some(mount.options)],
    ["type", filled(mount.type)],
  )

const outlineRdt = (rdt: IntelRdt): OutlineMap =>
  map(
    ["closID", filled(rdt.closID)],
    ["l3CacheSchema", filled(rdt.l3CacheSchema)],
    ["memBwSchema", filled(rdt.memBwSchema)],
    ["schemata", rdt.schemata],
    ["enableMonitoring", rdt.enableMonitoring || undefined],
  )

function map(...members: readonly Member[]): OutlineMap {
  const kept = members.filter((member): member is readonly [string, Outline] => member[1] !== undefined)
  return { members: kept }
}

const filled = (text: string): string | undefined => (text === "" ? undefined : text)

const some = (items: readonly Outline[]): readonly Outline[] | undefined =>
  items.length === 0 ? undefined : items

const nonEmpty = (outline: OutlineMap): OutlineMap | undefined =>
  outline.members.length === 0 ? undefined : outline

const annotations = (texts: ReadonlyMap<string, string>): OutlineMap | undefined =>
  texts.size === 0 ? undefined : { members: [...texts].sort(([one], [other]) => (one < other ? -1 : 1)) }

export const isOutlineMap = (outline: Outline): outline is OutlineMap =>
  typeof outline === "object" && !Array.isArray(outline)
