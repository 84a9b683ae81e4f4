/**
 * A CDI specification as data: the specification's own words, with what was left out as the empty value that it means.
 * Source: CDI specification 1.1.0, "CDI JSON Specification". Where its drawing and its released code disagree the code holds:
 * `containerEdits` is an object, the names are `additionalGids` and `schemata`.
 */

export interface CdiSpec {
  /** As written, also with a leading `v`. */
  readonly cdiVersion: string
  /** `vendor/class`. */
  readonly kind: string
  readonly annotations: ReadonlyMap<string, string>
  readonly devices: readonly CdiDevice[]
  /** For every container that gets any of the devices. */
  readonly containerEdits: ContainerEdits
}

export interface CdiDevice {
  readonly name: string
  readonly annotations: ReadonlyMap<string, string>
  readonly containerEdits: ContainerEdits
}

export interface ContainerEdits {
  /** `NAME=VALUE` each. */
  readonly env: readonly string[]
  readonly deviceNodes: readonly DeviceNode[]
  readonly netDevices: readonly NetDevice[]
  readonly hooks: readonly Hook[]
  readonly mounts: readonly Mount[]
  readonly intelRdt: IntelRdt | undefined
  readonly additionalGids: readonly number[]
}

export interface DeviceNode {
  /** In the container. */
  readonly path: string
  /** Empty: as `path`. */
  readonly hostPath: string
  /** `b`, `c`, `u` or `p`; empty: as the host's node is. */
  readonly type: string
  /** 0: as the host's node is. */
  readonly major: number
  readonly minor: number
  /** undefined: as the host's node has it. */
  readonly fileMode: number | undefined
  /** Of `r`, `w` and `m`; empty: all three; `none`: none. */
  readonly permissions: string
  readonly uid: number | undefined
  readonly gid: number | undefined
}

/** Where the machine has it. */
export const hostPathOf = ({ path, hostPath }: Pick<DeviceNode, "path" | "hostPath">): string =>
  hostPath || path

export interface Mount {
  /** On the machine; of a tmpfs any word. */
  readonly hostPath: string
  readonly containerPath: string
  /** As mount(8) has them, and those that runtimes add, as `rbind`. */
  readonly options: readonly string[]
  /** Of the file system; empty: a bind mount. */
  readonly type: string
}

/** Of other types no path is the source: a tmpfs has one that no machine has. */
export const isBindMount = ({ type, options }: Pick<Mount, "type" | "options">): boolean =>
  type === "" || type === "bind" || type === "none" || options.some((option) => /^r?bind$/.test(option))

/** When runtimes run a hook. Source: OCI runtime specification, "POSIX-platform Hooks". Order: of a container's life. */
export const hookNames = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const

export type HookName = (typeof hookNames)[number]

export interface Hook {
  /** As written: a HookName in a valid specification. */
  readonly hookName: string
  /** On the machine; of a `startContainer` hook in the container. */
  readonly path: string
  /** The first is what the program is called, not its first argument. Empty: none, not even that. */
  readonly args: readonly string[]
  /** `NAME=VALUE` each. */
  readonly env: readonly string[]
  /** Units: seconds. undefined: no limit. */
  readonly timeout: number | undefined
}

/** Cache and memory bandwidth by Intel's Resource Director Technology. Source: OCI runtime specification, "IntelRdt". */
export interface IntelRdt {
  /** Of the class of service; empty: the container's own id. */
  readonly closID: string
  readonly l3CacheSchema: string
  readonly memBwSchema: string
  /** An empty list is not the same as none: it needs a newer version. */
  readonly schemata: readonly string[] | undefined
  readonly enableMonitoring: boolean
}

/** A network interface that is moved from the machine into the container. */
export interface NetDevice {
  readonly hostInterfaceName: string
  /** In the container. */
  readonly name: string
}

/** What changes nothing. */
export const noEdits: ContainerEdits = {
  env: [],
  deviceNodes: [],
  netDevices: [],
  hooks: [],
  mounts: [],
  intelRdt: undefined,
  additionalGids: [],
}

/** They do nothing; engines refuse a device that has such. An intelRdt without fields is something. */
export const areEmptyEdits = (edits: ContainerEdits): boolean =>
  edits.intelRdt === undefined &&
  [edits.env, edits.deviceNodes, edits.netDevices, edits.hooks, edits.mounts, edits.additionalGids].every(
    (list) => list.length === 0,
  )

/** Where in a specification a value stands: names of fields and places in lists, from the outside in. */
export type SpecPath = readonly (string | number)[]

/** Every `containerEdits` with its path: the specification's own, then each device's. */
export const editsWithPaths = (
  spec: Pick<CdiSpec, "containerEdits" | "devices">,
): readonly { readonly edits: ContainerEdits; readonly path: SpecPath }[] => [
  { edits: spec.containerEdits, path: ["containerEdits"] },
  ...spec.devices.map(({ containerEdits: edits }, index) => ({
    edits,
    path: ["devices", index, "containerEdits"],
  })),
]

/** The same without paths. */
export const allEdits = (spec: Pick<CdiSpec, "containerEdits" | "devices">): readonly ContainerEdits[] =>
  editsWithPaths(spec).map(({ edits }) => edits)
