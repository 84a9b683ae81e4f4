/**
 * All devices of a registry that somebody can get, one a line, so that one of ten thousand is found without reading the others: the compact
 * twin of specifications. What is in no line is looked for in the specifications themselves.
 */

import type { LoadedSpec, RegisteredDevice, Registry } from "./registry.ts"
import type { CdiDevice, ContainerEdits } from "./spec.ts"

/** What a line needs of its file. */
export interface IndexedSource {
  readonly path: string
  readonly kind: string
  readonly cdiVersion: string
  readonly containerEdits: ContainerEdits
}

export interface DeviceIndex {
  readonly sources: readonly IndexedSource[]
  /** Each begins with a line break. Order: by name. */
  readonly lines: string
}

type Line = readonly [
  name: string,
  source: number,
  line: number,
  column: number,
  hidden: readonly number[],
  edits: ContainerEdits,
]

export function indexDevices({ specs, devices }: Registry): DeviceIndex {
  const numbers = new Map(specs.map((spec, index) => [spec, index]))
  const places = new Map(specs.map((spec) => [spec, indexesOf(spec)]))
  const lines = [...devices.values()].map(({ name, device, source, hidden }) => {
    const { line, column } = source.locate(["devices", places.get(source)?.get(device) ?? 0])
    const numberOf = (spec: LoadedSpec): number => numbers.get(spec) ?? 0
    const written: Line = [
      ...([name, numberOf(source), line, column, hidden.map(numberOf)] as const),
      device.containerEdits,
    ]
    return `\n${JSON.stringify(written)}`
  })
  return {
    sources: specs.map(({ path, spec: { kind, cdiVersion, containerEdits } }) => ({
      ...{ path, kind, cdiVersion, containerEdits },
    })),
    lines: lines.join(""),
  }
}

const indexesOf = ({ spec }: LoadedSpec): ReadonlyMap<CdiDevice, number> =>
  new Map(spec.devices.map((device, index) => [device, index]))

/** Order: as asked for. undefined: one of them is in no line. */
export function findDevices(
  { sources, lines }: DeviceIndex,
  names: readonly string[],
): readonly RegisteredDevice[] | undefined {
  const specs = new Map<number, { readonly spec: LoadedSpec; readonly devices: CdiDevice[] }>()
  const placesOf = new Map<CdiDevice | undefined, { readonly line: number; readonly column: number }>()
  const specOf = (index: number): LoadedSpec => {
    const known = specs.get(index)
    if (known !== undefined) return known.spec
    const { path, kind, cdiVersion, containerEdits } = sources[index] as IndexedSource
    const devices: CdiDevice[] = []
    const spec: LoadedSpec = {
      ...{ path, directory: "", priority: 0, warnings: [] },
      spec: { cdiVersion, kind, annotations: new Map(), devices, containerEdits },
      locate: ([, at]) => ({
        ...{ file: path, path: `devices[${at}]` },
        ...(placesOf.get(devices[Number(at)]) ?? { line: 0, column: 0 }),
      }),
    }
    specs.set(index, { spec, devices })
    return spec
  }
  const known = new Map<string, RegisteredDevice>()
  const found: RegisteredDevice[] = []
  for (const name of names) {
    const before = known.get(name)
    if (before !== undefined) {
      found.push(before)
      continue
    }
    const start = lines.indexOf(`\n[${JSON.stringify(name)},`)
    if (start === -1) return undefined
    const end = lines.indexOf("\n", start + 1)
    const written = JSON.parse(lines.slice(start + 1, end === -1 ? undefined : end)) as Line
    const [, number, line, column, hidden, containerEdits] = written
    const source = specOf(number)
    const device: CdiDevice = {
      name: name.slice(name.indexOf("=") + 1),
      annotations: new Map(),
      containerEdits,
    }
    specs.get(number)?.devices.push(device)
    placesOf.set(device, { line, column })
    const registered = { name, device, source, hidden: hidden.map(specOf) }
    known.set(name, registered)
    found.push(registered)
  }
  return found
}
