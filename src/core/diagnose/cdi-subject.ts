/** What is verified: the CDI specifications of a machine, the machine itself, and who reads and uses them. */

import type { LoadedSpec, RegisteredDevice, Registry } from "../cdi/registry/registry.ts"
import type { ContainerEdits, DeviceNode, Hook, Mount, SpecPath } from "../cdi/spec.ts"
import type { CdiPlace } from "../fault/cdi-place.ts"
import type { Fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Result } from "../fault/result.ts"
import type { Host } from "../host/host.ts"
import type { RootView } from "../host/root-view.ts"
import type { ObservedEngine } from "../inventory/observe-engines.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import { type EngineUser, rootUser } from "./access.ts"

export interface CdiSubject {
  readonly host: Host
  /** The machine with links followed. */
  readonly view: RootView
  readonly snapshot: HostSnapshot
  readonly registry: Registry
  /** Where specifications are looked for. */
  readonly directories: readonly string[]
  /** The files were named, and lie wherever: who reads them and who wins is not known. */
  readonly areNamed: boolean
  /** Of a simulated machine: the files that were made for an engine outside it, and where that engine finds their hooks. */
  readonly placed: { readonly files: ReadonlySet<string>; readonly engineView: RootView } | undefined
  /** What /proc/self/mountinfo says where hooks run; undefined: nobody knows, as of a machine that does not run. */
  readonly mountinfo: string | undefined
  readonly engines: readonly ObservedEngine[]
  /** Whom the engine runs as. */
  readonly user: EngineUser
  /** UID of who looks at the machine; undefined: nobody knows, as of who made a recording. */
  readonly looker: number | undefined
  /** Places that a recording holds no answer about, so that nothing is known of them. Grows while it is verified. */
  readonly unrecorded: Set<string>
  /** The root of an image that the specifications are meant for; undefined: of any. */
  readonly image: RootView | undefined
}

/** One thing that some specification gives to containers. */
export interface Use<T> {
  readonly item: T
  readonly source: LoadedSpec
  /** undefined: every device of the file brings it. */
  readonly device: RegisteredDevice | undefined
  readonly path: SpecPath
}

/** The same thing, wherever it is said. */
export type Uses<T> = readonly [Use<T>, ...Use<T>[]]

export interface CdiUses {
  /** Each with the path of the edits themselves. */
  readonly edits: readonly Use<ContainerEdits>[]
  readonly nodes: readonly Use<DeviceNode>[]
  readonly mounts: readonly Use<Mount>[]
  readonly hooks: readonly Use<Hook>[]
}

/** What containers can get: devices that win, and what comes with them. What a hidden file says harms nobody. */
export function listUses({ registry }: Pick<CdiSubject, "registry">): CdiUses {
  const edits = winners(registry).flatMap(({ source, devices }): readonly Use<ContainerEdits>[] => [
    { item: source.spec.containerEdits, source, device: undefined, path: ["containerEdits"] },
    ...devices.map(
      ({ device, index }): Use<ContainerEdits> => ({
        item: device.device.containerEdits,
        source,
        device,
        path: ["devices", index, "containerEdits"],
      }),
    ),
  ])
  const of = <T>(field: string, listOf: (edits: ContainerEdits) => readonly T[]): readonly Use<T>[] =>
    edits.flatMap(({ item: one, source, device, path }) =>
      listOf(one).map((item, index): Use<T> => ({ item, source, device, path: [...path, field, index] })),
    )
  return {
    edits,
    nodes: of("deviceNodes", ({ deviceNodes }) => deviceNodes),
    mounts: of("mounts", ({ mounts }) => mounts),
    hooks: of("hooks", ({ hooks }) => hooks),
  }
}

export interface Winner {
  readonly source: LoadedSpec
  /** Of it that reach containers. `index`: its place in the file. */
  readonly devices: readonly { readonly device: RegisteredDevice; readonly index: number }[]
}

/** Files with a device that somebody can get. Order: files as read, devices as in the file. */
export function winners(registry: Registry): readonly Winner[] {
  const bySource = Map.groupBy(registry.devices.values(), ({ source }) => source)
  return registry.specs.flatMap((source) => {
    const own = new Map((bySource.get(source) ?? []).map((device) => [device.device, device]))
    const devices = source.spec.devices.flatMap((one, index) => {
      const device = own.get(one)
      return device === undefined ? [] : [{ device, index }]
    })
    return devices.length === 0 ? [] : [{ source, devices }]
  })
}

export const placeOf = <T>({ source, path }: Use<T>, field?: string): CdiPlace =>
  source.locate(field === undefined ? path : [...path, field])

/** The same thing in many devices is looked at once. Order: as first used. */
export const groupUses = <T>(
  uses: readonly Use<T>[],
  keyOf: (item: T) => string,
): readonly (readonly [key: string, uses: Uses<T>])[] => [
  ...(Map.groupBy(uses, ({ item }) => keyOf(item)) as Map<string, Uses<T> & Use<T>[]>),
]

/** More places of one fault help nobody. */
const placeLimit = 10

export const renderPlace = ({ file, line, column, path }: CdiPlace): string =>
  `${file}:${line}:${column}: ${path}`

/** Where else it stands: the first place is the fault's own. */
export function otherPlaces<T>([, ...others]: readonly Use<T>[], field?: string): readonly string[] {
  const shown = others.slice(0, placeLimit).map((use) => renderPlace(placeOf(use, field)))
  const rest = others.length - shown.length
  return rest > 0 ? [...shown, `and ${rest} more places`] : shown
}

/** A recording was not asked after the place: it is noted, and nothing follows from it. */
export function isUnrecorded({ host, unrecorded }: CdiSubject, path: string, problem: Fault): boolean {
  const isUnknown =
    host.provenance.kind === "recording" &&
    problem.tag === "HostReadFailed" &&
    problem.data.syscall === "lookup"
  if (isUnknown) unrecorded.add(path)
  return isUnknown
}

/** Who looks may not see it, and whom the engine runs as perhaps may: nothing follows from it. */
export const isHidden = ({ looker, user }: CdiSubject, problem: Fault): boolean =>
  problem.tag === "HostReadFailed" &&
  problem.data.reason === "denied" &&
  looker !== rootUser.uid &&
  looker !== user.uid

/** Something is there, or nobody can say that nothing is. `seen`: what a look at the path gave. */
export const mayBeThere = (subject: CdiSubject, path: string, seen: Result<unknown>): boolean =>
  seen.ok ||
  seen.fault.tag !== "HostReadFailed" ||
  seen.fault.data.reason !== "absent" ||
  isUnrecorded(subject, path, seen.fault)

export const found = (
  severity: Finding["severity"],
  fault: Fault,
  ...evidence: readonly string[]
): Finding => ({ severity, fault, evidence })
