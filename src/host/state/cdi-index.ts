/**
 * The devices of a machine's CDI specifications, remembered under /run/gantry: reading all specifications to give out one device costs
 * more than everything else about it. Fresh while every directory and file has the same stamp; proved by stats alone, nothing that reads
 * specifications is loaded for it, and of the file itself only what is asked for is read. Format: docs/state.md.
 */

import { findDevices, type IndexReader, indexDevices } from "../../core/cdi/registry/device-index.ts"
import type { RegisteredDevice, Registry } from "../../core/cdi/registry/registry.ts"
import { type RegistryProblems, registryProblems } from "../../core/cdi/registry/registry-findings.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { hostPath } from "../../core/text/brand.ts"
import type { Witness } from "./make-proof.ts"
import { type ReadPart, readStateParts } from "./read-state-parts.ts"
import { era, isFreshProof, type Proof } from "./stamp.ts"
import { hashOf, makeRoom, writeStateText } from "./state-file.ts"

/** The first line: how much of what stands behind it. */
interface Head {
  readonly version: 7
  readonly key: string
  /** How many parts the table has the ends of: sources, then buckets. */
  readonly sourceCount: number
  readonly bucketCount: number
  /** Of the proof, which stands behind the table, and of what is wrong with files and names. */
  readonly proofBytes: number
  readonly problemsBytes: number
}

const fileName = /^cdi-[0-9a-f]{16}\.json$/
/** How many sets of directories are kept. */
const capacity = 16
/** What is larger is not kept. Units: bytes. */
const sizeLimit = 8 * 1024 * 1024
/** Holds the first line, unless there are many directories. Units: bytes. */
const firstRead = 1024
/** Where a part ends in the table: every entry is as long, so that one is found without the others. Units: digits. */
const entryLength = 8

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
): RecalledDevices | undefined {
  const place = placeOf(host, directories, state)
  if (place === undefined) return undefined
  return readStateParts(place.state, place.file, (read) => {
    const opened = openIndex(read, place.key)
    if (opened === undefined || !isFreshProof(opened.proof)) return undefined
    const { proof, index, readProblems } = opened
    const devices = findDevices(index, names)
    return devices === undefined ? undefined : { devices, problems: readProblems(), proof }
  })
}

export interface RecalledDevices {
  /** Order: as asked for. */
  readonly devices: readonly RegisteredDevice[]
  /** What is wrong with other specifications. */
  readonly problems: RegistryProblems
  /** Of the directories and all files. */
  readonly proof: Proof
}

interface OpenedIndex {
  readonly proof: { readonly [K in keyof Proof]?: unknown }
  readProblems(): RegistryProblems
  readonly index: IndexReader
}

function openIndex(read: ReadPart, key: string): OpenedIndex | undefined {
  const line = readFirstLine(read)
  const head = parse<Head>(line)
  if (line === undefined || head?.version !== 7 || head.key !== key) return undefined
  const {
    sourceCount = Number.NaN,
    bucketCount = Number.NaN,
    proofBytes = Number.NaN,
    problemsBytes = Number.NaN,
  } = head
  if (![sourceCount, bucketCount, proofBytes, problemsBytes].every(isLength)) return undefined
  // What is before the texts is ASCII.
  const table = line.length + 1
  const start = table + (sourceCount + bucketCount) * entryLength
  const texts = start + proofBytes + problemsBytes
  const endOf = (part: number): number =>
    part < 0 ? 0 : Number.parseInt(read(table + part * entryLength, entryLength), 16)
  const textOf = (part: number): string | undefined => {
    const [from, to] = [endOf(part - 1), endOf(part)]
    return from <= to && to <= sizeLimit ? read(texts + from, to - from) : undefined
  }
  return {
    proof: parse<Proof>(read(start, proofBytes)) ?? {},
    readProblems: () => JSON.parse(read(start + proofBytes, problemsBytes)) as RegistryProblems,
    index: {
      bucketCount,
      source: (number) => (number < sourceCount ? textOf(number) : undefined),
      bucket: (number) => (number < bucketCount ? textOf(sourceCount + number) : undefined),
    },
  }
}

/** A file of ours is small; one that says more says something else. */
const isLength = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= sizeLimit

/** Without its end. undefined: it has none. */
function readFirstLine(read: ReadPart): string | undefined {
  for (let size = firstRead; ; size *= 4) {
    const text = read(0, size)
    const end = text.indexOf("\n")
    if (end !== -1) return text.slice(0, end)
    if (text.length < size) return undefined
  }
}

function parse<T>(text: string | undefined): Partial<T> | undefined {
  try {
    return text === undefined ? undefined : ((JSON.parse(text) ?? undefined) as Partial<T> | undefined)
  } catch {
    return undefined
  }
}

/** `witness`: of the directories, since before anything was read. What changed since then is not remembered. */
export function rememberDevices(
  host: HostFiles,
  directories: readonly string[],
  registry: Registry,
  witness: Witness,
  state: string | undefined,
): void {
  const place = placeOf(host, directories, state)
  if (place === undefined) return
  const files = [...registry.specs, ...registry.rejected].map(({ path }) => path)
  const proof = witness.prove([...directories, ...files].map(hostPath))
  if (proof === undefined) return
  const { sources, buckets } = indexDevices(registry)
  const [proofText, problems] = [JSON.stringify(proof), JSON.stringify(registryProblems(registry))]
  const parts = [...sources, ...buckets]
  const head: Head = {
    version: 7,
    key: place.key,
    sourceCount: sources.length,
    bucketCount: buckets.length,
    proofBytes: Buffer.byteLength(proofText),
    problemsBytes: Buffer.byteLength(problems),
  }
  const text = [`${asciiJson(head)}\n`, ...endsOf(parts), proofText, problems, ...parts].join("")
  if (Buffer.byteLength(text) > sizeLimit) return
  makeRoom(place.state, place.file, fileName, capacity)
  writeStateText(place.state, place.file, text)
}

function endsOf(parts: readonly string[]): readonly string[] {
  let end = 0
  return parts.map((part) => {
    end += Buffer.byteLength(part)
    return end.toString(16).padStart(entryLength, "0")
  })
}

/** A directory's name may be anything, and the first line's length is counted in characters. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
