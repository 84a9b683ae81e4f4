/**
 * The devices of a container that CDI specifications give: which names are theirs, from which file each comes, and what it changes. All
 * or nothing, as engines do it. Source: the released Go cache (facts, nvidia-container-cli §6.4, §6.5). Loaded only when a name needs it.
 */

import { completeNode, type FindHostNode } from "../cdi/complete-node.ts"
import { mergeEdits } from "../cdi/merge-edits.ts"
import type { LoadedSpec, RegisteredDevice, Registry } from "../cdi/registry.ts"
import { resolveDevices } from "../cdi/resolve-devices.ts"
import type { ContainerEdits, DeviceNode } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { AskedDevice } from "../request/asked-devices.ts"
import type { ReasonLog } from "../request/reason.ts"
import { hostPath } from "../text/brand.ts"
import type { CdiDeviceEdit } from "./edit.ts"
import { lastReason } from "./plan-part.ts"

export interface CdiDevicesInput {
  readonly asked: readonly AskedDevice[]
  readonly registry: Registry
  readonly findHostNode: FindHostNode
  /** Has this machine a device by that selector? Asked only where a specification may have it too. */
  isOwn(selector: string): boolean
}

export interface PlannedCdiDevices {
  /** Selectors of what is left to the machine. undefined: nothing is, and the container gets no driver. */
  readonly selectors: readonly string[] | undefined
  /** Order: as asked for. */
  readonly edits: readonly CdiDeviceEdit[]
  /** What is wrong with other specifications. */
  readonly findings: readonly Finding[]
}

/** Faults: CdiDeviceUnresolvable, CdiDeviceUnusable. */
export function planCdiDevices(input: CdiDevicesInput, log: ReasonLog): Result<PlannedCdiDevices> {
  const { asked, registry, findHostNode } = input
  const selectors: string[] = []
  const names: string[] = []
  for (const one of asked)
    if (one.from !== "machine" && isOfSpecification(one, input)) names.push(one.name)
    else selectors.push(one.selector)
  const resolved = resolveDevices(registry, names)
  if (!resolved.ok) return resolved
  const because = lastReason(log, "devices.")
  const begun = new Set<LoadedSpec>()
  const edits: CdiDeviceEdit[] = []
  for (const device of resolved.value.devices) {
    const { name, source } = device
    const merged = begun.has(source)
      ? device.device.containerEdits
      : mergeEdits([source.spec.containerEdits, device.device.containerEdits])
    begun.add(source)
    const completed = completeNodes(merged, findHostNode)
    if (!completed.ok)
      return fail(fault("CdiDeviceUnusable", { device: name, file: source.path }, completed.fault))
    const reasons = [...because, tell(device, log)]
    edits.push({
      kind: "cdiDevice",
      name,
      file: hostPath(source.path),
      containerEdits: completed.value,
      reasons,
    })
  }
  const isLeft = selectors.length > 0 || edits.length === 0
  return ok({ selectors: isLeft ? selectors : undefined, edits, findings: findingsOf(registry) })
}

/** Every name is in a specification, or must be: whatever the machine has by itself. */
export const isDecidedBy = (registry: Registry, asked: readonly AskedDevice[]): boolean =>
  asked.length > 0 &&
  asked.every(
    (one) =>
      one.from === "specification" || (one.from === "specificationFirst" && registry.devices.has(one.name)),
  )

type NamedDevice = Exclude<AskedDevice, { readonly from: "machine" }>

/** Where neither has a name of the machine's own kind, who says so is who could have had it. */
function isOfSpecification(
  { from, selector, name }: NamedDevice,
  { registry, isOwn }: CdiDevicesInput,
): boolean {
  if (from === "specification") return true
  if (from === "specificationFirst" && registry.devices.has(name)) return true
  if (isOwn(selector)) return false
  if (registry.devices.has(name) || registry.conflicts.some((one) => one.name === name)) return true
  const kind = name.slice(0, name.indexOf("="))
  return registry.specs.some(({ spec }) => spec.kind === kind)
}

const tell = ({ name, source, hidden }: RegisteredDevice, log: ReasonLog): string =>
  log.add(
    "devices.specification",
    [{ from: "machine", path: source.path, value: `a CDI specification of ${name}` }],
    `${name} is given as ${source.path} says${hidden.length === 0 ? "" : `, not ${hidden.map(({ path }) => path).join(", ")}`}`,
  )

/** What specifications leave open is asked of the machine now, so that the plan says what will be given. */
function completeNodes(edits: ContainerEdits, findHostNode: FindHostNode): Result<ContainerEdits> {
  const deviceNodes: DeviceNode[] = []
  for (const node of edits.deviceNodes) {
    const complete = completeNode(node, findHostNode)
    if (!complete.ok) return complete
    deviceNodes.push({ ...node, ...complete.value })
  }
  return ok({ ...edits, deviceNodes })
}

/** One bad file is told of; of ten thousand the first would bury the rest of the log. */
const findingLimit = 32

/** A bad specification of one vendor keeps no other's devices from a container. */
const findingsOf = ({ rejected, findings }: Registry): readonly Finding[] =>
  [
    ...findings.map((finding) => ({ ...finding, severity: "warning" as const })),
    ...rejected.flatMap(({ path, faults: [first] }): readonly Finding[] =>
      first === undefined ? [] : [{ severity: "warning", fault: first, evidence: [`${path}: not loaded`] }],
    ),
  ].slice(0, findingLimit)
