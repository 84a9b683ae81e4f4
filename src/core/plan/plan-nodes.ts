/**
 * Device nodes with their cgroup rules, the links that name DRM nodes by their place on the bus, and the groups that may open them.
 *   GPUs; of a MIG device its GPU and the nodes of its two capabilities; the driver's control nodes that the capabilities need
 *   DRM nodes for who draws: of whole GPUs, and of MIG devices whose profile can draw; a GPU that is cut cannot draw itself
 *   IMEX channels and companions by their variables
 * Source: facts, nvidia-container-cli §2.5, toolkit §4.2, §4.5, §5.2.
 */

import { nodePlace } from "../host/dev-root.ts"
import type { Gpu, NodeFact } from "../inventory/inventory.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import { containerPath, type HostPath } from "../text/brand.ts"
import type { CgroupRuleEdit, DeviceNodeEdit, Edit } from "./edit.ts"
import type { Omission } from "./plan.ts"
import { planCompanions } from "./plan-companions.ts"
import type { DriverlessContext, PlanPart } from "./plan-part.ts"

/** A node and why it is given. */
export interface GivenNode {
  readonly node: NodeFact
  readonly reasons: readonly string[]
}

export function planNodes(context: DriverlessContext, channels: readonly NodeFact[]): PlanPart {
  const omissions: Omission[] = []
  return completeNodes(context, { ...gpuNodes(context, omissions), channels, omissions })
}

/** What selected devices bring, before anything is asked for beside them. */
export function gpuNodes(
  context: DriverlessContext,
  omissions: Omission[],
): Pick<NodesToComplete, "given" | "links"> {
  const { because } = context
  const given: GivenNode[] = context.devices.flatMap((device) => selectedNodes(context, device))
  for (const node of controlNodes(context)) {
    const reasons = node.path === "/dev/nvidiactl" ? because.devices : because.capabilities
    given.push({ node, reasons })
  }
  const drawing = drawingNodes(context, omissions)
  return { given: [...given, ...drawing.nodes], links: drawing.links }
}

export interface NodesToComplete {
  readonly given: readonly GivenNode[]
  readonly links: readonly Edit[]
  readonly channels: readonly NodeFact[]
  readonly omissions: readonly Omission[]
}

/** With channels and companions, and with what every node needs: permission, and a group that may open it. */
export function completeNodes(
  context: DriverlessContext,
  { given: devices, links, channels, omissions }: NodesToComplete,
): PlanPart {
  const { because, log, inventory } = context
  const imex = log.reasons.findLast(({ rule }) => rule.startsWith("imex."))
  const companions = planCompanions(context)
  const given: readonly GivenNode[] = [
    ...devices,
    ...channels.map((node) => ({ node, reasons: imex === undefined ? because.devices : [imex.id] })),
    ...companions.nodes,
  ]
  const nodes = given.map(({ node, reasons }) => toNodeEdit(node, inventory.devRoot, reasons))
  const withoutGroups: Omission[] = []
  const groups = planGroups(context, given, withoutGroups)
  return {
    edits: [...nodes, ...permitNodes(context, nodes), ...companions.edits, ...links, ...groups],
    omissions: [...omissions, ...companions.omissions, ...withoutGroups],
    findings: companions.findings,
  }
}

/** A GPU's own node, or what a MIG device needs. */
export function selectedNodes(
  { because, log, rights }: DriverlessContext,
  selected: SelectedDevice,
): readonly GivenNode[] {
  const { gpu, selector } = selected
  if (gpu.node === undefined || gpu.minor === undefined) return []
  const name = `GPU ${gpu.index} (${gpu.pciAddress})`
  if (selected.kind === "gpu") {
    const evidence = [
      { from: "machine", path: gpu.minor.source, value: `Device Minor ${gpu.minor.value}` },
    ] as const
    const chosen = log.add("select.gpu", evidence, `${selector} selects ${name}, ${gpu.node.path}`)
    return [{ node: gpu.node, reasons: [...because.devices, chosen] }]
  }
  const { device } = selected
  // With a right over MIG the whole directory of capabilities is given.
  const capabilities =
    rights.length > 0
      ? []
      : [device.gpuInstanceNode, device.computeInstanceNode].filter((node) => node !== undefined)
  const place = `gpu${gpu.minor.value}/gi${device.gpuInstance}/ci${device.computeInstance}/access`
  const evidence = [
    { from: "machine", path: "/proc/driver/nvidia-caps/mig-minors", value: place },
    ...(device.profile === undefined
      ? []
      : [{ from: "machine", path: device.profile.source, value: device.profile.value } as const]),
  ] as const
  const by = capabilities.length === 0 ? "" : `, by ${capabilities.map(({ path }) => path).join(" and ")}`
  const what = `MIG device ${device.gpuIndex}:${device.index}`
  const chosen = log.add("select.mig", evidence, `${selector} selects ${what} of ${name}${by}`)
  return [gpu.node, ...capabilities].map((node) => ({ node, reasons: [...because.devices, chosen] }))
}

/** Mode setting for display, unified memory for compute; the wrapper's modes, where everything is granted, give all. */
const controlNodes = ({ inventory, granted }: DriverlessContext): readonly NodeFact[] =>
  inventory.nodes.control.filter(({ path }) => {
    if (path === "/dev/nvidia-modeset") return granted.implied.has("display")
    return !path.startsWith("/dev/nvidia-uvm") || granted.implied.has("compute")
  })

/** GPUs that draw for this container, each once. Order: as selected. */
function drawingGpus({ devices, inventory }: DriverlessContext): readonly Gpu[] {
  const isCut = ({ index, isMigEnabled }: Gpu): boolean =>
    isMigEnabled?.value === true || inventory.migDevices.some(({ gpuIndex }) => gpuIndex === index)
  const drawing = devices.filter((one) =>
    one.kind === "gpu" ? !isCut(one.gpu) : one.device.profile?.value.includes("gfx") === true,
  )
  return [...new Set(drawing.map(({ gpu }) => gpu))]
}

/** DRM nodes, and links that name them, of those that draw. */
export function drawingNodes(
  context: DriverlessContext,
  omissions: Omission[],
): { readonly nodes: readonly GivenNode[]; readonly links: readonly Edit[] } {
  const { granted, because } = context
  if (!granted.implied.has("graphics")) return { nodes: [], links: [] }
  const reasons = [...because.devices, ...because.capabilities]
  const gpus = drawingGpus(context)
  for (const { gpu } of context.devices) {
    const what = `DRM nodes of GPU ${gpu.index}`
    if (omissions.some((one) => one.what.startsWith(what))) continue
    if (!gpus.includes(gpu))
      omissions.push({ what: `${what}, which is cut into MIG devices that cannot draw`, reasons })
    else if (gpu.drm.length === 0) omissions.push({ what: `${what}: the machine has none`, reasons })
  }
  const drm = gpus.flatMap((gpu) => gpu.drm)
  return {
    nodes: drm.map(({ node }) => ({ node, reasons })),
    links: drm.flatMap(({ byPath }): readonly Edit[] =>
      byPath === undefined
        ? []
        : [{ kind: "symlink", path: containerPath(byPath.path), target: byPath.target, reasons }],
    ),
  }
}

export const toNodeEdit = (
  node: NodeFact,
  devRoot: HostPath,
  reasons: readonly string[],
): DeviceNodeEdit => ({
  kind: "deviceNode",
  path: containerPath(node.path),
  hostPath: nodePlace(devRoot, node.path),
  major: node.major,
  minor: node.minor,
  fileMode: node.mode,
  uid: node.uid,
  gid: node.gid,
  reasons,
})

/** What config.json would permit is `rwm`; the reference's hook permits no making of nodes. */
function permitNodes(
  { mode, config, log }: DriverlessContext,
  nodes: readonly DeviceNodeEdit[],
): readonly CgroupRuleEdit[] {
  if (config.value("nvidia-container-cli.no-cgroups") === true && mode === "legacy") {
    const evidence = [config.evidence("nvidia-container-cli.no-cgroups", "false")]
    log.add("cgroup.unmanaged", evidence, "the device cgroup is left as the engine made it")
    return []
  }
  const access = mode === "legacy" ? "rw" : "rwm"
  return nodes.map(({ major, minor, reasons }) => ({ kind: "cgroupRule", major, minor, access, reasons }))
}

const forEverybody = 0o006

/** The group that may open a node which not everybody may open; undefined: there is none, or it is root's. */
export const groupOf = ({ mode, gid }: NodeFact): number | undefined =>
  gid !== 0 && (mode & forEverybody) !== forEverybody ? gid : undefined

/** Groups that may open what is given. Order: by number. */
export function planGroups(
  { config, log }: DriverlessContext,
  given: readonly GivenNode[],
  omissions: Omission[],
): readonly Edit[] {
  const groups = new Map<number, readonly string[]>()
  for (const { node, reasons } of given) {
    const group = groupOf(node)
    if (group !== undefined && !groups.has(group)) groups.set(group, reasons)
  }
  if (groups.size === 0) return []
  const sorted = [...groups].sort(([one], [other]) => one - other)
  if (config.value("features.no-additional-gids-for-device-nodes") !== true)
    return sorted.map(([gid, reasons]) => ({ kind: "gid", gid, reasons }))
  const evidence = [config.evidence("features.no-additional-gids-for-device-nodes", "false")]
  const why = log.add("groups.unmanaged", evidence, "groups that may open nodes are not given")
  omissions.push(...sorted.map(([gid]) => ({ what: `group ${gid}`, reasons: [why] })))
  return []
}
