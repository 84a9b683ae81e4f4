/**
 * The devices of a machine's CDI specifications, remembered under /run/gantry: reading all specifications to give out one device costs
 * more than everything else about it. Fresh while every directory and file has the same stamp; proved by stats alone, and nothing that
 * reads specifications is loaded for it. Format: docs/state.md.
 */

import { type DeviceIndex, findDevices, type IndexedSource, indexDevices } from "../core/cdi/device-index.ts"
import type { RegisteredDevice, Registry } from "../core/cdi/registry.ts"
import type { HostFiles } from "../core/host/host.ts"
import { hostPath } from "../core/text/brand.ts"
import { era, hasChangedSince, isFreshProof, type Proof, proofOf } from "./stamp.ts"
import { hashOf, makeRoom, readStateText, writeStateText } from "./state-file.ts"

/** The first line of the file. */
interface FirstLine extends Proof {
  readonly version: 1
  readonly key: string
  readonly sources: readonly IndexedSource[]
}

const fileName = /^cdi-[0-9a-f]{16}\.json$/
/** How many sets of directories are kept. */
const capacity = 16
/** What is larger is not read back. Units: UTF-16 code units. */
const sizeLimit = 8 * 1024 * 1024

/** undefined: only a live or simulated machine has an index. */
function placeOf(
  { provenance: { kind, name } }: HostFiles,
  directories: readonly string[],
  state: string | undefined,
): { readonly state: string; readonly key: string; readonly file: string } | undefined {
  if (state === undefined || (kind !== "live" && kind !== "simulated")) return undefined
  const key = JSON.stringify([kind, name, directories, era()])
  return { state, key, file: `${state}/cdi-${hashOf(key)}.json` }
}

/** undefined: nothing is remembered, not any more, or not of all of them: the specifications are to be read. */
export function recallDevices(
  host: HostFiles,
  directories: readonly string[],
  names: readonly string[],
  state: string | undefined,
): readonly RegisteredDevice[] | undefined {
  const place = placeOf(host, directories, state)
  const text = place === undefined ? undefined : readStateText(place.state, place.file)
  if (place === undefined || text === undefined) return undefined
  const end = text.indexOf("\n")
  const known = parseFirstLine(text.slice(0, end))
  if (known?.version !== 1 || known.key !== place.key || !Array.isArray(known.sources)) return undefined
  if (!isFreshProof(known)) return undefined
  return findDevices({ sources: known.sources as DeviceIndex["sources"], lines: text.slice(end) }, names)
}

function parseFirstLine(line: string): Partial<FirstLine> | undefined {
  try {
    return JSON.parse(line) as Partial<FirstLine>
  } catch {
    return undefined
  }
}

/** `startedMs`: when the specifications began to be read. Of what changed since nobody knows which of the two was read. */
export function rememberDevices(
  host: HostFiles,
  directories: readonly string[],
  registry: Registry,
  startedMs: number,
  state: string | undefined,
): void {
  const place = placeOf(host, directories, state)
  if (place === undefined) return
  const files = [...registry.specs, ...registry.rejected].map(({ path }) => path)
  const proof = proofOf(host, [...directories, ...files].map(hostPath))
  if (hasChangedSince(proof.stamps, startedMs)) return
  const { sources, lines } = indexDevices(registry)
  const known: FirstLine = { version: 1, key: place.key, ...proof, sources }
  const text = `${JSON.stringify(known)}${lines}\n`
  if (text.length > sizeLimit) return
  makeRoom(place.state, fileName, capacity)
  writeStateText(place.state, place.file, text)
}
