/**
 * What was found of a machine's driver, remembered under /run/gantry: reading thirty ELF headers at every start costs more than
 * everything else that a start does. Fresh while every place that was looked at has the same stamp; proved by stats alone.
 * Whatever is wrong with the file, the driver is looked for again. Format: docs/state.md.
 */

import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs"
import type { DriverCatalogue } from "../core/driver/catalogue.ts"
import { type DriverPlace, observeDriver } from "../core/driver/observe-driver.ts"
import type { Host } from "../core/host/host.ts"
import { isOurs, stateDirectory } from "./state-directory.ts"

interface Remembered {
  readonly version: 1
  readonly key: string
  /** Live path and stamp of every place that was looked at. */
  readonly stamps: readonly (readonly [path: string, stamp: string])[]
  readonly catalogue: DriverCatalogue
}

export function findDriver(
  host: Host,
  place: DriverPlace,
  state: string | undefined = stateDirectory(),
): DriverCatalogue {
  const { kind, name } = host.provenance
  if (state === undefined || (kind !== "live" && kind !== "simulated")) return observeDriver(host, place)
  const key = [kind, name, place.driverRoot, place.version, place.ldcache].join("\n")
  const file = `${state}/driver-${hashOf(key)}.json`
  const known = recall(file, key)
  if (known !== undefined) return known
  const catalogue = observeDriver(host, place)
  // A driver with something missing is looked for each time: it is being installed, or mended.
  if (catalogue.findings.length === 0)
    remember(state, file, { version: 1, key, stamps: stampsOf(host, catalogue), catalogue })
  return catalogue
}

function recall(file: string, key: string): DriverCatalogue | undefined {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(descriptor)
      if (!stat.isFile() || stat.uid !== process.getuid?.() || (stat.mode & 0o022) !== 0) return undefined
      const known = JSON.parse(readFileSync(descriptor, "utf8")) as Remembered
      const isFresh =
        known.version === 1 &&
        known.key === key &&
        known.stamps.every(([path, stamp]) => stampOf(path) === stamp)
      return isFresh ? known.catalogue : undefined
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return undefined
  }
}

function remember(state: string, file: string, remembered: Remembered): void {
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 })
    if (!isOurs(state)) return
    const temporary = `${file}.${process.pid}`
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
    const descriptor = openSync(temporary, flags, 0o600)
    const text = new TextEncoder().encode(JSON.stringify(remembered))
    for (let at = 0; at < text.length; ) at += writeSync(descriptor, text, at)
    closeSync(descriptor)
    renameSync(temporary, file)
  } catch {
    // The next start looks again.
  }
}

function stampsOf(host: Host, catalogue: DriverCatalogue): Remembered["stamps"] {
  const paths = [...catalogue.searched, ...catalogue.libraries.map(({ path }) => path)]
  return paths.map((path) => {
    const live = host.livePath(path) ?? path
    return [live, stampOf(live)] as const
  })
}

/** Which file it is and when it or its entries last changed; `absent` is a stamp too. */
function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined
    ? "absent"
    : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`
}

/** FNV-1a, 32 bits: names files apart; the key inside decides. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, "0")
}
