/**
 * Which version of the CDI specification an engine reads up to. One that is newer makes it refuse the whole file, and every device in it is
 * "unresolvable". Source: the Go package container-device-interface that each release is built with, as its go.mod (Docker: vendor.mod) says;
 * 0.N.x of the package reads specifications up to 0.N.0, 1.0.x up to 1.0.0. Podman 4.3.1 was also tried (facts, engines §5).
 * CRI-O's files before 1.34 could not be read: what every package since 0.5 reads is what those get.
 */

import { type CdiVersion, isOlder } from "../cdi/version.ts"
import { compareVersions } from "../text/version.ts"

export const engineNames = ["docker", "containerd", "podman", "crio"] as const
export type EngineName = (typeof engineNames)[number]

export interface Engine {
  readonly name: EngineName
  /** undefined: the newest. */
  readonly version: string | undefined
}

/** From which release on. Order: oldest first; what is older reads no CDI specification. */
const readUpTo: { readonly [E in EngineName]: readonly (readonly [since: string, version: CdiVersion])[] } = {
  docker: [
    ["25.0", "0.6.0"],
    ["27.0", "0.7.0"],
    ["27.4", "0.8.0"],
    ["28.1", "1.0.0"],
  ],
  containerd: [
    ["1.7", "0.5.0"],
    ["1.7.12", "0.6.0"],
    ["1.7.16", "0.7.0"],
    ["1.7.27", "0.8.0"],
    ["2.1", "1.0.0"],
  ],
  podman: [
    ["4.1", "0.4.0"],
    ["4.3", "0.5.0"],
    ["4.7", "0.6.0"],
    ["5.1", "0.7.0"],
    ["5.2", "0.8.0"],
    ["5.5", "1.0.0"],
  ],
  crio: [
    ["1.23", "0.5.0"],
    ["1.34", "1.0.0"],
  ],
}

/** undefined: it reads none. */
export function versionReadBy({ name, version }: Engine): CdiVersion | undefined {
  const releases = readUpTo[name]
  if (version === undefined) return releases.at(-1)?.[1]
  return releases.findLast(([since]) => (compareVersions(since, version) ?? 1) <= 0)?.[1]
}

export interface VersionLimit {
  readonly version: CdiVersion
  /** Those that read no newer one. Never empty. */
  readonly because: readonly Engine[]
}

/** The newest version that all of them read that read any; undefined: none of them does. */
export function findVersionLimit(engines: readonly Engine[]): VersionLimit | undefined {
  const reading = engines.flatMap((engine) => {
    const version = versionReadBy(engine)
    return version === undefined ? [] : [{ engine, version }]
  })
  const [lowest] = reading
    .map(({ version }) => version)
    .sort((one, other) => (one === other ? 0 : isOlder(one, other) ? -1 : 1))
  return lowest === undefined
    ? undefined
    : {
        version: lowest,
        because: reading.filter(({ version }) => version === lowest).map(({ engine }) => engine),
      }
}

export const renderEngine = ({ name, version }: Engine): string =>
  version === undefined ? name : `${name} ${version}`

/** `podman`, `podman@4.3.1`; undefined: no engine that is known. */
export function parseEngine(text: string): Engine | undefined {
  const [word, version, ...more] = text.split("@")
  const name = engineNames.find((one) => one === word)
  if (name === undefined || more.length > 0) return undefined
  if (version === undefined) return { name, version: undefined }
  return /^\d+(\.\d+){0,3}$/.test(version) ? { name, version } : undefined
}

/** What an engine's program says of itself: `podman version 4.3.1`, `Docker version 20.10.24+dfsg1, build …`. undefined: nothing. */
export const readEngineVersion = (text: string): string | undefined =>
  /(?:^|[\sv])(\d+\.\d+(?:\.\d+)?)(?=[\s+~,-]|$)/m.exec(text)?.[1]
