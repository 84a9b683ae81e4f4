/**
 * The newest CDI version that each release of an engine parses. An engine refuses a whole file above it, and says so at debug level only.
 * Source: what the release requires of the CDI library (go.mod or vendor.mod at its tag; all of 2026-08 and older were looked at),
 * and the library's own list of versions. Observed: podman 4.3.1 takes 0.5.0 and not 0.6.0, podman 5.8.2 1.0.0 and not 1.1.0, CRI-O 1.36.3
 * and Docker of moby v2.0.0-beta.24 1.1.0 and not 1.1.1.
 * A release between two rows, or behind the last, parses what the row before it does, perhaps more.
 */

import type { ReaderEra } from "../../fault/cdi.ts"
import { compareVersions } from "../../text/version.ts"
import { type CdiVersion, isOlder } from "./version.ts"

/** The engines whose releases are known. Order: as messages name them. */
export const engineNames = ["docker", "containerd", "podman", "crio"] as const
export type EngineName = (typeof engineNames)[number]

/** As distributions and the engines' own makers have them. */
export const packagesOf: { readonly [E in EngineName]: readonly string[] } = {
  docker: ["docker-ce", "docker.io", "moby-engine"],
  containerd: ["containerd.io", "containerd", "moby-containerd"],
  podman: ["podman"],
  crio: ["cri-o"],
}

/** What people call each besides: its program, its project. */
const writtenAs: { readonly [E in EngineName]: readonly [E, ...string[]] } = {
  docker: ["docker", "dockerd", "moby"],
  containerd: ["containerd"],
  podman: ["podman"],
  crio: ["crio"],
}

/** `podman`, also `Podman`, `docker-ce` and `cri-o`. undefined: no such engine. */
export function parseEngineName(text: string): EngineName | undefined {
  const name = text.toLowerCase()
  return engineNames.find((engine) =>
    [...writtenAs[engine], ...packagesOf[engine]].some((one) => one === name),
  )
}

export interface EngineRelease {
  readonly engine: EngineName
  /** As `4.3.1`; a branch is enough. */
  readonly version: string
}

interface Level {
  /** The first release that was looked at and is so. */
  readonly since: string
  /** undefined: CDI is not known to it; container requests for devices are ignored. */
  readonly highest: CdiVersion | undefined
}

/** Order: newest first. */
const levels: { readonly [E in EngineName]: readonly Level[] } = {
  docker: [
    { since: "29.2", highest: "1.1.0" },
    { since: "28.1", highest: "1.0.0" },
    { since: "27.4", highest: "0.8.0" },
    { since: "26.1", highest: "0.7.0" },
    { since: "25.0", highest: "0.6.0" },
    { since: "0", highest: undefined },
  ],
  containerd: [
    { since: "2.2.1", highest: "1.1.0" },
    { since: "2.0.5", highest: "1.0.0" },
    { since: "2.0", highest: "0.8.0" },
    { since: "1.7.27", highest: "0.8.0" },
    { since: "1.7.16", highest: "0.7.0" },
    { since: "1.7.12", highest: "0.6.0" },
    { since: "1.7", highest: "0.5.0" },
    { since: "0", highest: undefined },
  ],
  podman: [
    { since: "6.0", highest: "1.1.0" },
    { since: "5.5", highest: "1.0.0" },
    { since: "5.2", highest: "0.8.0" },
    { since: "5.1", highest: "0.7.0" },
    { since: "4.7", highest: "0.6.0" },
    { since: "4.3", highest: "0.5.0" },
    { since: "4.1", highest: "0.4.0" },
    { since: "4.0", highest: "0.3.0" },
    { since: "0", highest: undefined },
  ],
  crio: [
    { since: "1.35", highest: "1.1.0" },
    { since: "1.33", highest: "1.0.0" },
    { since: "1.31", highest: "0.8.0" },
    { since: "1.30", highest: "0.7.0" },
    { since: "1.28", highest: "0.6.0" },
    { since: "1.25", highest: "0.5.0" },
    { since: "1.24", highest: "0.3.0" },
    { since: "0", highest: undefined },
  ],
}

/** Versions of the CDI library, which engines carry in them. Order: newest first. */
const libraryLevels: readonly Level[] = [
  { since: "1.1.0", highest: "1.1.0" },
  { since: "1.0.0", highest: "1.0.0" },
  { since: "0.8.0", highest: "0.8.0" },
  // 0.7.0 itself was released with the versions of 0.6.0.
  { since: "0.7.1", highest: "0.7.0" },
  { since: "0.6.0", highest: "0.6.0" },
  { since: "0.5.0", highest: "0.5.0" },
  { since: "0.4.0", highest: "0.4.0" },
  { since: "0", highest: "0.3.0" },
]

const highestIn = (table: readonly Level[], version: string): CdiVersion | undefined =>
  table.find(({ since }) => (compareVersions(version, since) ?? -1) >= 0)?.highest

const newReader = "1.1.1"
/** Since when each has the Go package of 1.1.1 or newer in it; the others had it in no release up to 2026-08. Source: as the table's. */
const newReaderSince: { readonly [E in EngineName]?: string } = { containerd: "2.4" }

export const readerEraOfLibrary = (version: string): ReaderEra =>
  (compareVersions(version, newReader) ?? -1) >= 0 ? "from 1.1.1" : "before 1.1.1"

/** By which of the package's readers of YAML a release reads. */
export function readerEraOf({ engine, version }: EngineRelease): ReaderEra {
  const since = newReaderSince[engine]
  return since !== undefined && (compareVersions(version, since) ?? -1) >= 0 ? "from 1.1.1" : "before 1.1.1"
}

/**
 * Whether it looks behind a link that lies in the place of a directory of specifications. The Go package's new reader does; Docker since 29.2
 * asks where the link leads when the daemon starts. Source: Docker's sources of 29.1 and 29.2; moby v2.0.0-beta.24 and podman 5.8.2 as they run.
 */
export const followsDirectoryLinks = ({
  engine,
  version,
  era,
}: {
  readonly engine: EngineName
  readonly version: string | undefined
  readonly era: ReaderEra
}): boolean =>
  era === "from 1.1.1" ||
  (engine === "docker" && version !== undefined && (compareVersions(version, "29.2") ?? -1) >= 0)

/** undefined: the release takes no CDI specification, or its version begins with no number. */
export const highestVersionOf = ({ engine, version }: EngineRelease): CdiVersion | undefined =>
  highestIn(levels[engine], releaseNumber(version) ?? "")

/** What an engine parses that is built with this release of the CDI library, as `0.6.2`. */
export const highestVersionOfLibrary = (version: string): CdiVersion =>
  highestIn(libraryLevels, version) ?? "0.3.0"

/** The newest version that all of them parse; engines without CDI have no say. undefined: none has one. */
export const highestCommonVersion = (engines: readonly EngineRelease[]): CdiVersion | undefined =>
  engines
    .map(highestVersionOf)
    .reduce(
      (lowest, version) =>
        lowest === undefined || (version !== undefined && isOlder(version, lowest)) ? version : lowest,
      undefined,
    )

/** `podman@4.3.1`, also `cri-o@1.30`, and `containerd://2.1.4` as Kubernetes says it of a node. undefined: no such engine, or no version. */
export function parseEngineRelease(text: string): EngineRelease | undefined {
  const [name, version, ...more] = splitRelease(text)
  const engine = parseEngineName(name)
  const number = more.length > 0 ? undefined : releaseNumber(version)
  return engine === undefined || number === undefined ? undefined : { engine, version: number }
}

/**
 * Whether an engine that parses versions up to this one gives a node without a `fileMode` the machine's mode; the others leave it to the runtime,
 * which gives 0666. Source: the Go package, whose release 1.1.0 was the first to do so; observed: runc 1.1.5 and 1.5.2, crun 1.8.1.
 */
export const takesMachinesMode = (highest: CdiVersion): boolean => !isOlder(highest, "1.1.0")

/** Of a text that is no release, what is wrong with it. */
export function engineProblem(text: string): string {
  const engine = parseEngineName(splitRelease(text)[0])
  return engine === undefined
    ? `unknown engine ${JSON.stringify(text)}, which is none of ${engineNames.join(", ")}`
    : `${JSON.stringify(text)} names no release of ${engine}: write ${engine}@ and its number`
}

function splitRelease(text: string): readonly [string, string, ...string[]] {
  const [name = "", version = "", ...more] = text.split(/@|:\/\//)
  return [name, version, ...more]
}

/**
 * Of a version as engines and packages say it: `v2.1.0`, `28.2.2+ce`, `5.4.0-dev`, `4.3.1+ds1-8`, `5:28.2.2-1~debian.12`. undefined: it is none,
 * or that of a build between releases, which Docker's nightly ones call `0.0.0-20250801010039-1a2b3c4`, their packages with `~`.
 */
const releaseNumber = (version: string): string | undefined =>
  /^(?:\d{1,6}:)?v?(?!0\.0\.0[-~]\d{8})(\d{1,6}(?:\.\d{1,6}){0,3})(?:[-+~][-+~.\w]*)?$/.exec(version)?.[1]
