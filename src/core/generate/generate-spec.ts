/**
 * From a machine to a CDI specification: the one entry for everything that writes, compares or renews one. Devices and files come from the
 * parts of a native plan, so that a container gets the same from a specification as from the wrapper.
 *   the mode says which devices there are and what all have in common (plan-parts.ts, other-modes.ts)
 *   each device is written once for each of its names
 *   links, loader, compatibility and the driver's parameters become hooks, in the style that was asked for
 *   what stands twice is said once, everything is put in order, and the version is the lowest that can say it
 */

import { mergeEdits } from "../cdi/edits/merge-edits.ts"
import { withLowestVersion } from "../cdi/rules/raise-version.ts"
import { type CdiDevice, type CdiSpec, type ContainerEdits, noEdits } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import { addFor, ownDevices } from "./add-edits.ts"
import { arrangeSpec } from "./arrange-spec.ts"
import { describeMachine } from "./describe-machine.ts"
import { leaveUnsayable } from "./leave-unsayable.ts"
import { isMachineName } from "./machine-names.ts"
import { nothingToGenerate } from "./nothing-to-generate.ts"
import type { NamedPart, SpecPart } from "./part.ts"
import { resolveMode, type SpecRequest } from "./spec-request.ts"
import { writeEdits } from "./write-edits.ts"
import { writeHooks, writeOneHook } from "./write-hooks.ts"

export interface GeneratedSpec {
  readonly spec: CdiSpec
  /** What is wrong with the machine as far as it concerns the specification. */
  readonly findings: readonly Finding[]
}

/** Faults: those of describeMachine; CdiNothingToGenerate, CdiDevicesNameless. */
export function generateSpec(snapshot: HostSnapshot, request: SpecRequest): Result<GeneratedSpec> {
  const described = describeMachine(snapshot, request)
  if (!described.ok) return described
  const unsaid = new Set<string>()
  const sift = (part: SpecPart): SpecPart => leaveUnsayable(part, (what) => unsaid.add(what))
  const shared = sift(described.value.shared)
  const devices = described.value.devices.map((device) => ({ ...device, part: sift(device.part) }))
  const hasOne = request.hooks.shape === "one"
  const common: ContainerEdits = mergeEdits([
    writeEdits(shared.edits, request),
    {
      ...noEdits,
      hooks: hasOne
        ? writeOneHook(shared.hooks, everyHook(devices), request.hooks)
        : writeHooks(shared.hooks, request.hooks),
    },
    request.additions.containerEdits,
  ])
  const taken = new Set<string>()
  const written = devices.flatMap(({ names, aliases, part, env }): readonly CdiDevice[] => {
    const own = { ...writePart(part, request), env }
    const given = addFor([...names, ...aliases], own, request.additions)
    // Two of one name, and no engine reads the file.
    const free = names.filter((name) => !taken.has(name))
    for (const name of free) taken.add(name)
    return free.map((name) => ({ name, ...given }))
  })
  if (devices.length === 0)
    return nothingToGenerate(resolveMode(request.mode, snapshot.inventory), "a device that was asked for")
  if (written.length === 0) return fail(fault("CdiDevicesNameless", { strategies: request.names }))
  const known = devices.flatMap(({ names, aliases }) => [...names, ...aliases])
  const beside = ownDevices(known, request.additions)
  // The name would promise a GPU to who asks for it.
  const isNobodys = ({ name }: CdiDevice): boolean =>
    isMachineName(name) && !(name === "all" && request.hasAllDevice)
  const lost = beside.filter(isNobodys)
  const arranged = arrangeSpec(written, common, request.hasAllDevice ? "all" : undefined)
  const spec = withLowestVersion({
    kind: `${request.vendor}/${request.class}`,
    annotations: request.additions.annotations,
    containerEdits: arranged.containerEdits,
    devices: withOwn(
      arranged.devices,
      beside.filter((one) => !lost.includes(one)),
    ),
  })
  const findings = [
    ...described.value.findings,
    ...[...unsaid].map(unsayableLeftOut),
    ...lost.map(({ name }) => additionLeftOut(name)),
  ]
  return ok({ spec, findings })
}

const unsayableLeftOut = (what: string): Finding => ({
  severity: "warning",
  fault: fault("CdiContentLeftOut", {
    what: JSON.stringify(what),
    why: "a specification or its hooks cannot say such a name",
    consequence: "containers lack it; name it without commas, two colons and bytes that are no UTF-8",
  }),
  evidence: [what],
})

const additionLeftOut = (name: string): Finding => ({
  severity: "warning",
  fault: fault("CdiContentLeftOut", {
    what: `what is added for ${JSON.stringify(name)}`,
    why: "the specification has no such device of the machine's",
    consequence: "a device of your own has a name that none of a machine's has",
  }),
  evidence: [name],
})

/** Devices of an administrator's: beside the machine's, or what is added to `all`. Order: by name. */
function withOwn(devices: readonly CdiDevice[], own: readonly CdiDevice[]): readonly CdiDevice[] {
  const added = devices.map((device) => {
    const more = own.find(({ name }) => name === device.name)
    return more === undefined
      ? device
      : { ...more, containerEdits: mergeEdits([device.containerEdits, more.containerEdits]) }
  })
  const beside = own.filter(({ name }) => !devices.some((device) => device.name === name))
  return [...added, ...beside].sort((one, other) => (one.name < other.name ? -1 : 1))
}

const everyHook = (devices: readonly NamedPart[]): SpecPart["hooks"] =>
  devices.flatMap(({ part }) => part.hooks)

const writePart = (part: SpecPart, request: SpecRequest): ContainerEdits => ({
  ...writeEdits(part.edits, request),
  hooks: request.hooks.shape === "one" ? [] : writeHooks(part.hooks, request.hooks),
})
