/** The engines that a specification is written for, and the newest version of CDI that all of them read (src/core/cdi/rules/engine-versions.ts). */

import {
  type EngineName,
  highestVersionOf,
  parseEngineName,
  parseEngineRelease,
} from "../cdi/rules/engine-versions.ts"
import { type CdiVersion, isOlder } from "../cdi/rules/version.ts"

export interface Engine {
  readonly name: EngineName
  /** undefined: the newest. */
  readonly version: string | undefined
}

/** Newer than any release. */
const newest = "999999"

/** undefined: it reads none. */
export const versionReadBy = ({ name, version = newest }: Engine): CdiVersion | undefined =>
  highestVersionOf({ engine: name, version })

export interface VersionLimit {
  readonly version: CdiVersion
  /** Those that read no newer one. Never empty. */
  readonly because: readonly Engine[]
}

export interface ReadingEngine extends Engine {
  /** The newest version. undefined: it reads none. */
  readonly reads: CdiVersion | undefined
}

/** Who reads a specification. */
export interface Readers {
  readonly engines: readonly ReadingEngine[]
  /** undefined: no engine holds it down. */
  readonly limit: VersionLimit | undefined
}

/** What it reads as a release. */
export const asReleased = (engine: Engine): ReadingEngine => ({ ...engine, reads: versionReadBy(engine) })

/** The newest version that all of them read that read any; undefined: none of them does. */
export const findVersionLimit = (engines: readonly ReadingEngine[]): VersionLimit | undefined =>
  lowestLimit(
    engines.flatMap(({ name, version, reads }) =>
      reads === undefined ? [] : [{ engine: { name, version }, version: reads }],
    ),
  )

/** An engine, and the newest version that it reads. */
export interface EngineReads {
  readonly engine: Engine
  readonly version: CdiVersion
}

/** undefined: nobody reads any. */
export function lowestLimit(reading: readonly EngineReads[]): VersionLimit | undefined {
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
  const name = parseEngineName(text)
  if (name !== undefined) return { name, version: undefined }
  const release = parseEngineRelease(text)
  return release && { name: release.engine, version: release.version }
}

/**
 * What an engine's program says of itself: `podman version 4.3.1`, `Docker version 20.10.24+dfsg1, build …`. undefined: nothing, or only the day
 * of a build between releases (`Docker version 0.0.0-20250801010039-1a2b3c4, build …`).
 */
export const readEngineVersion = (text: string): string | undefined =>
  /(?:^|[\sv])(?!0\.0\.0-\d{8})(\d+\.\d+(?:\.\d+)?)(?=[\s+~,-]|$)/m.exec(text)?.[1]
