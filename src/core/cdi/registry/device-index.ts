/**
 * All devices of a registry that somebody can get, one a line, in buckets by their names, so that one of ten thousand is found without
 * reading the others: the compact twin of specifications. What is in no line is looked for in the specifications themselves.
 */

import type { CdiDevice, ContainerEdits } from "../spec.ts"
import type { LoadedSpec, RegisteredDevice, Registry } from "./registry.ts"

/** What a line needs of its file. */
interface IndexedSource {
  readonly path: string
  readonly kind: string
  readonly cdiVersion: string
  readonly containerEdits: ContainerEdits
}

/** Texts, of which each can be read alone. */
interface DeviceIndex {
  /** Files, each as JSON. Order: of the registry. */
  readonly sources: readonly string[]
  /** Lines of devices, each behind a line break; which bucket a device is on its name says. Order of lines: by name. */
  readonly buckets: readonly string[]
}

/** As much of an index as is asked for. undefined: it cannot be read. */
export interface IndexReader {
  readonly bucketCount: number
  source(number: number): string | undefined
  bucket(number: number): string | undefined
}

type Line = readonly [
  name: string,
  source: number,
  line: number,
  column: number,
  hidden: readonly number[],
  edits: ContainerEdits,
]

/** A bucket of so many devices is read in no time, and one table of places tells of all buckets. */
const devicesPerBucket = 16
const bucketLimit = 512

export function indexDevices({ specs, devices }: Registry): DeviceIndex {
  const numbers = new Map(specs.map((spec, index) => [spec, index]))
  const places = new Map(specs.map((spec) => [spec, indexesOf(spec)]))
  const count = Math.min(bucketLimit, Math.ceil(devices.size / devicesPerBucket))
  const buckets = Array.from({ length: count }, (): string[] => [])
  for (const { name, device, source, hidden } of devices.values()) {
    const { line, column } = source.locate(["devices", places.get(source)?.get(device) ?? 0])
    const numberOf = (spec: LoadedSpec): number => numbers.get(spec) ?? 0
    const written: Line = [
      ...([name, numberOf(source), line, column, hidden.map(numberOf)] as const),
      device.containerEdits,
    ]
    buckets[bucketOf(name, count)]?.push(`\n${JSON.stringify(written)}`)
  }
  return {
    sources: specs.map(({ path, spec: { kind, cdiVersion, containerEdits } }) => {
      const source: IndexedSource = { path, kind, cdiVersion, containerEdits }
      return JSON.stringify(source)
    }),
    buckets: buckets.map((lines) => lines.join("")),
  }
}

const indexesOf = ({ spec }: LoadedSpec): ReadonlyMap<CdiDevice, number> =>
  new Map(spec.devices.map((device, index) => [device, index]))

function bucketOf(name: string, count: number): number {
  let sum = 0
  for (let at = 0; at < name.length; at++) sum = (sum * 31 + name.charCodeAt(at)) % 0x3fffffff
  return sum % count
}

/** Order: as asked for. undefined: one of them is in no line, or a part of the index cannot be read. */
export function findDevices(
  index: IndexReader,
  names: readonly string[],
): readonly RegisteredDevice[] | undefined {
  const specs = new Map<number, OpenedSource>()
  const known = new Map<string, RegisteredDevice>()
  for (const name of new Set(names)) {
    const written = findLine(index, name)
    if (written === undefined) return undefined
    const [, number, line, column, hidden, containerEdits] = written
    for (const one of [number, ...hidden])
      if (!specs.has(one)) {
        const source = index.source(one)
        if (source === undefined) return undefined
        specs.set(one, openSource(JSON.parse(source) as IndexedSource))
      }
    const device: CdiDevice = {
      name: name.slice(name.indexOf("=") + 1),
      annotations: new Map(),
      containerEdits,
    }
    specs.get(number)?.add(device, { line, column })
    const [source, ...others] = [number, ...hidden].map((one) => specs.get(one)?.spec) as [LoadedSpec]
    known.set(name, { name, device, source, hidden: others })
  }
  return names.map((name) => known.get(name) as RegisteredDevice)
}

function findLine(index: IndexReader, name: string): Line | undefined {
  if (index.bucketCount === 0) return undefined
  const lines = index.bucket(bucketOf(name, index.bucketCount))
  const start = lines?.indexOf(`\n[${JSON.stringify(name)},`) ?? -1
  if (lines === undefined || start === -1) return undefined
  const end = lines.indexOf("\n", start + 1)
  return JSON.parse(lines.slice(start + 1, end === -1 ? undefined : end)) as Line
}

interface Place {
  readonly line: number
  readonly column: number
}

interface OpenedSource {
  /** Who asks for devices by an index goes by neither directory nor priority: they are empty. */
  readonly spec: LoadedSpec
  add(device: CdiDevice, place: Place): void
}

/** With the devices that are asked for, and no others. */
function openSource({ path, kind, cdiVersion, containerEdits }: IndexedSource): OpenedSource {
  const devices: CdiDevice[] = []
  const places: Place[] = []
  return {
    add(device, place) {
      devices.push(device)
      places.push(place)
    },
    spec: {
      path,
      directory: "",
      priority: 0,
      warnings: [],
      spec: { cdiVersion, kind, annotations: new Map(), devices, containerEdits },
      locate: ([, at]) => ({
        file: path,
        path: `devices[${at}]`,
        ...(places[Number(at)] ?? { line: 0, column: 0 }),
      }),
    },
  }
}
