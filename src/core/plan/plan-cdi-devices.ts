/**
 * The devices of a container that CDI specifications give: which names are theirs, from which file each comes, and what it changes. All
 * or nothing, as engines do it. Source: the released Go cache (facts, nvidia-container-cli §6.4, §6.5). Loaded only when a name needs it.
 */

import { completeNode, type FindHostNode } from "../cdi/edits/complete-node.ts"
import { mergeEdits } from "../cdi/edits/merge-edits.ts"
import { unplaceEdits } from "../cdi/edits/unplace-edits.ts"
import type { LoadedSpec, RegisteredDevice, Registry } from "../cdi/registry/registry.ts"
import { registryFindings, registryProblems } from "../cdi/registry/registry-findings.ts"
import { resolveDevices } from "../cdi/registry/resolve-devices.ts"
import { type ContainerEdits, type DeviceNode, hostPathOf } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { AskedDevice } from "../request/asked-devices.ts"
import type { ReasonLog } from "../request/reason.ts"
import { hostPath } from "../text/brand.ts"
import type { CdiDeviceEdit, Edit } from "./edit.ts"
import { lastReason } from "./plan-part.ts"

export interface SpecifiedMachine {
  readonly findHostNode: FindHostNode
  /** Where it lies, if it is a simulated one, whose specifications may have been written for engines of this machine. */
  readonly directory: string | undefined
}

interface Specifications extends SpecifiedMachine {
  readonly registry: Registry
}

export interface CdiDevicesInput extends Specifications {
  readonly asked: readonly AskedDevice[]
  /** Has this machine a device by that selector? Asked only where a specification may have it too. */
  isOwn(selector: string): boolean
}

export interface SpecifiedDevices {
  /** Order: as asked for. */
  readonly edits: readonly CdiDeviceEdit[]
  /** What is wrong with other specifications. */
  readonly findings: readonly Finding[]
}

export interface PlannedCdiDevices extends SpecifiedDevices {
  /** Selectors of what is left to the machine. undefined: nothing is, and the container gets no driver. */
  readonly selectors: readonly string[] | undefined
}

/** Faults: CdiDeviceUnresolvable, CdiDeviceUnusable. */
export function planCdiDevices(input: CdiDevicesInput, log: ReasonLog): Result<PlannedCdiDevices> {
  const selectors: string[] = []
  const names: string[] = []
  const isOfSpecification = judgeBy(input)
  for (const one of input.asked)
    if (one.from !== "machine" && isOfSpecification(one)) names.push(one.name)
    else selectors.push(one.selector)
  const planned = planSpecifiedDevices(names, input, log)
  const isLeft = selectors.length > 0 || names.length === 0
  return planned.ok ? ok({ ...planned.value, selectors: isLeft ? selectors : undefined }) : planned
}

/** Faults: CdiDeviceUnresolvable, CdiDeviceUnusable. */
export function planSpecifiedDevices(
  names: readonly string[],
  { registry, ...machine }: Specifications,
  log: ReasonLog,
): Result<SpecifiedDevices> {
  const resolved = resolveDevices(registry, names)
  if (!resolved.ok) return resolved
  const findings = registryFindings(registryProblems(registry))
  return planFoundDevices(resolved.value.devices, findings, machine, log)
}

/** `findings`: what is wrong with other specifications. Faults: CdiDeviceUnusable. */
export function planFoundDevices(
  devices: readonly RegisteredDevice[],
  findings: readonly Finding[],
  { findHostNode, directory }: SpecifiedMachine,
  log: ReasonLog,
): Result<SpecifiedDevices> {
  const because = lastReason(log, "devices.")
  const begun = new Set<LoadedSpec>()
  const edits: CdiDeviceEdit[] = []
  for (const device of devices) {
    const { name, source } = device
    const own = device.device.containerEdits
    const merged = begun.has(source) ? own : mergeEdits([source.spec.containerEdits, own])
    begun.add(source)
    const ofMachine = directory === undefined ? merged : unplaceEdits(merged, directory)
    const completed = completeNodes(ofMachine, findHostNode)
    if (!completed.ok)
      return fail(fault("CdiDeviceUnusable", { device: name, file: source.path }, completed.fault))
    const reasons = [...because, tell(device, log)]
    const file = hostPath(source.path)
    edits.push({ kind: "cdiDevice", name, file, containerEdits: completed.value, reasons })
  }
  return ok({ edits, findings })
}

/** The names, where every one may be a specification's and a specification is asked before the machine. undefined: not all of them. */
export function namesForSpecifications(asked: readonly AskedDevice[]): readonly string[] | undefined {
  const names = asked.flatMap((one) =>
    one.from === "specification" || one.from === "specificationFirst" ? [one.name] : [],
  )
  return names.length === asked.length && names.length > 0 ? names : undefined
}

/** The names, where every one is in a specification or must be, whatever the machine has by itself. undefined: the machine has to be asked. */
export function namesDecidedBy(
  registry: Registry,
  asked: readonly AskedDevice[],
): readonly string[] | undefined {
  const isDecided = asked.every((one) => one.from !== "specificationFirst" || registry.devices.has(one.name))
  return isDecided ? namesForSpecifications(asked) : undefined
}

type NamedDevice = Exclude<AskedDevice, { readonly from: "machine" }>

/** Where neither has a name of the machine's own kind, who says so is who could have had it. */
function judgeBy({ registry, isOwn }: CdiDevicesInput): (device: NamedDevice) => boolean {
  const contested = new Set(registry.conflicts.map((one) => one.name))
  const kinds = new Set(registry.specs.map(({ spec }) => spec.kind))
  return ({ from, selector, name }) => {
    if (from === "specification") return true
    if (from === "specificationFirst" && registry.devices.has(name)) return true
    if (isOwn(selector)) return false
    if (registry.devices.has(name) || contested.has(name)) return true
    return kinds.has(name.slice(0, name.indexOf("=")))
  }
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

/** What of the machine specifications named, and was asked for. */
export const specifiedNodes = (edits: readonly Edit[]): readonly string[] =>
  edits.flatMap((edit) => (edit.kind === "cdiDevice" ? edit.containerEdits.deviceNodes.map(hostPathOf) : []))
