/**
 * Versions of the CDI specification, and which of them a specification needs: each clause names what was added and the release that
 * allowed it. Source: CDI specification 1.1.0, "Released versions"; the released Go package for details (facts §6.2).
 */

import { type CdiSpec, type ContainerEdits, editsWithPaths, noEdits, type SpecPath } from "../spec.ts"

/** Order: oldest first. */
export const knownVersions = [
  "0.1.0",
  "0.2.0",
  "0.3.0",
  "0.4.0",
  "0.5.0",
  "0.6.0",
  "0.7.0",
  "0.8.0",
  "1.0.0",
  "1.1.0",
] as const

export type CdiVersion = (typeof knownVersions)[number]

/** The first that was released: nothing older is ever enough. */
const earliest: CdiVersion = "0.3.0"

/** What is said, in whatever version. */
export type UnversionedSpec = Omit<CdiSpec, "cdiVersion">

interface Clause {
  readonly since: CdiVersion
  readonly what: string
  /** Where the specification uses it; undefined: nowhere. `all`: its own and every device's edits. */
  find(spec: UnversionedSpec, all: EditsWithPaths): SpecPath | undefined
  /** The Go package looks at the edits of the last device only, and at those for all. */
  readonly isSoughtInLast?: true
}

type EditsWithPaths = ReturnType<typeof editsWithPaths>

/** Order: newest first; the first that applies decides. 0.8.0 and 1.0.0 added nothing that a specification can say. */
const clauses: readonly Clause[] = [
  {
    since: "1.1.0",
    what: "netDevices",
    find: inEdits("netDevices", ({ netDevices }) => netDevices.length > 0),
  },
  {
    since: "1.1.0",
    what: "intelRdt.schemata",
    find: inEdits("intelRdt", ({ intelRdt }) => intelRdt?.schemata !== undefined),
  },
  {
    since: "1.1.0",
    what: "intelRdt.enableMonitoring",
    find: inEdits("intelRdt", ({ intelRdt }) => intelRdt?.enableMonitoring === true),
  },
  { since: "0.7.0", what: "intelRdt", find: inEdits("intelRdt", ({ intelRdt }) => intelRdt !== undefined) },
  {
    since: "0.7.0",
    what: "additionalGids",
    find: inEdits("additionalGids", ({ additionalGids }) => additionalGids.length > 0),
  },
  {
    since: "0.6.0",
    what: "annotations",
    find: ({ annotations, devices }) =>
      annotations.size > 0
        ? ["annotations"]
        : firstPath(
            devices,
            ({ annotations: own }) => own.size > 0,
            (index) => ["devices", index, "annotations"],
          ),
  },
  {
    since: "0.6.0",
    what: "a dot in the class of a kind",
    find: ({ kind }) => (/\/.*\./s.test(kind) ? ["kind"] : undefined),
  },
  {
    since: "0.5.0",
    what: "a device's name that begins with a digit",
    find: ({ devices }) =>
      firstPath(
        devices,
        ({ name }) => /^[0-9]/.test(name),
        (index) => ["devices", index, "name"],
      ),
  },
  {
    since: "0.5.0",
    what: "hostPath of a device node",
    isSoughtInLast: true,
    find: inEachEdits((edits, path) =>
      firstPath(
        edits.deviceNodes,
        ({ hostPath }) => hostPath !== "",
        (index) => [...path, "deviceNodes", index, "hostPath"],
      ),
    ),
  },
  {
    since: "0.4.0",
    what: "type of a mount",
    isSoughtInLast: true,
    find: inEachEdits((edits, path) =>
      firstPath(
        edits.mounts,
        ({ type }) => type !== "",
        (index) => [...path, "mounts", index, "type"],
      ),
    ),
  },
]

function inEdits(field: keyof ContainerEdits, applies: (edits: ContainerEdits) => boolean): Clause["find"] {
  return inEachEdits((edits, path) => (applies(edits) ? [...path, field] : undefined))
}

function inEachEdits(find: (edits: ContainerEdits, path: SpecPath) => SpecPath | undefined): Clause["find"] {
  return (_, all) => {
    for (const { edits, path } of all) {
      const found = find(edits, path)
      if (found !== undefined) return found
    }
    return undefined
  }
}

function firstPath<T>(
  items: readonly T[],
  applies: (item: T) => boolean,
  pathOf: (index: number) => SpecPath,
): SpecPath | undefined {
  const index = items.findIndex(applies)
  return index === -1 ? undefined : pathOf(index)
}

export interface MinimumVersion {
  readonly version: CdiVersion
  /** undefined: no clause applies, it is the earliest. */
  readonly because: { readonly what: string; readonly path: SpecPath } | undefined
}

/** By the specification's text. */
export const minimumVersion = (spec: UnversionedSpec): MinimumVersion => newestOf(spec, spec)

/**
 * As engines find it, which refuse what is older. Their Go package keeps pointers to its loop variable and is built with the semantics from
 * before Go 1.22, where all rounds share one: of nodes' hostPath and mounts' type it sees those of the last device only. Files with too low a
 * version therefore exist, and work everywhere.
 */
export function enforcedVersion(spec: CdiSpec): MinimumVersion {
  const last = spec.devices.length - 1
  const devices = spec.devices.map((one, index) =>
    index === last ? one : { ...one, containerEdits: noEdits },
  )
  return newestOf(spec, { ...spec, devices })
}

/** `withLast`: the specification as those see it who look at the last device only. */
function newestOf(spec: UnversionedSpec, withLast: UnversionedSpec): MinimumVersion {
  const all = editsWithPaths(spec)
  const ofLast = withLast === spec ? all : editsWithPaths(withLast)
  for (const { since, what, find, isSoughtInLast } of clauses) {
    const path = isSoughtInLast ? find(withLast, ofLast) : find(spec, all)
    if (path !== undefined) return { version: since, because: { what, path } }
  }
  return { version: earliest, because: undefined }
}

/** With or without a leading `v`; undefined: no such version. */
export const parseVersion = (written: string): CdiVersion | undefined =>
  knownVersions.find((known) => known === written.replace(/^v/, ""))

export const isOlder = (one: CdiVersion, other: CdiVersion): boolean =>
  knownVersions.indexOf(one) < knownVersions.indexOf(other)
