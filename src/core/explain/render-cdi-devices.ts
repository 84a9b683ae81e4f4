/** What a CDI device does to a container: its own edits and those of every device beside it, and several devices together. */

import type { ResolvedDevices } from "../cdi/collect-edits.ts"
import { outlineEdits } from "../cdi/outline-spec.ts"
import type { LoadedSpec, RegisteredDevice } from "../cdi/registry.ts"
import { listEdits, renderJson } from "../cdi/render-spec.ts"
import type { CdiSpec, ContainerEdits } from "../cdi/spec.ts"
import { minimumVersion } from "../cdi/version.ts"
import type { CdiPlace } from "../fault/cdi-place.ts"
import { escapeControl } from "../text/escape.ts"

/** Order: as asked for. */
export const renderCdiDevices = (devices: readonly RegisteredDevice[]): string =>
  `${devices
    .flatMap(({ name, device, source, hidden }, index) => [
      ...(index === 0 ? [] : [""]),
      name,
      `  from ${renderPlace(placeOf(source, device.name))}, cdiVersion ${source.spec.cdiVersion}, which needs ${renderNeed(source.spec)}`,
      ...hidden.map(({ path }) => `  hides the same device of ${path}`),
      ...renderAnnotations(device.annotations),
      "  for this device",
      ...renderEdits(device.containerEdits, "    "),
      "  for every device of the file",
      ...renderEdits(source.spec.containerEdits, "    "),
    ])
    .map(escapeControl)
    .join("\n")}\n`

export const renderCdiDevicesJson = (devices: readonly RegisteredDevice[]): string =>
  `${JSON.stringify(
    {
      version: 1,
      devices: devices.map(({ name, device, source, hidden }) => {
        const { file, line, column } = placeOf(source, device.name)
        return {
          ...{ name, file, line, column },
          cdiVersion: source.spec.cdiVersion,
          minimumVersion: minimumVersion(source.spec).version,
          hidden: hidden.map(({ path }) => path),
          annotations: Object.fromEntries(device.annotations),
          containerEdits: editsJson(device.containerEdits),
          specContainerEdits: editsJson(source.spec.containerEdits),
        }
      }),
    },
    null,
    2,
  )}\n`

/** Devices, then all edits as an engine applies them. */
export const renderResolved = ({ devices, edits }: ResolvedDevices): string =>
  `${[
    ...devices.map(({ name, device, source }) => `${name} from ${renderPlace(placeOf(source, device.name))}`),
    "",
    ...renderEdits(edits, ""),
  ]
    .map(escapeControl)
    .join("\n")}\n`

export const renderResolvedJson = ({ devices, edits }: ResolvedDevices): string =>
  `${JSON.stringify(
    {
      version: 1,
      devices: devices.map(({ name, source }) => ({ name, file: source.path })),
      containerEdits: editsJson(edits),
    },
    null,
    2,
  )}\n`

/** In the words of the specification; what means nothing is left out there too. */
const editsJson = (edits: ContainerEdits): unknown => JSON.parse(renderJson(outlineEdits(edits)))

function placeOf({ spec, locate }: LoadedSpec, name: string): CdiPlace {
  return locate(["devices", spec.devices.findIndex((device) => device.name === name)])
}

const renderPlace = ({ file, line, column }: CdiPlace): string => `${file}:${line}:${column}`

function renderNeed(spec: CdiSpec): string {
  const { version, because } = minimumVersion(spec)
  return because === undefined ? version : `${version} for ${because.what}`
}

const renderAnnotations = (annotations: ReadonlyMap<string, string>): readonly string[] =>
  [...annotations].map(([key, value]) => `  annotation ${key}: ${value}`)

function renderEdits(edits: ContainerEdits, indent: string): readonly string[] {
  const rows = [...listEdits(edits)].flatMap(([field, items]) =>
    items.map((item) => `${indent}${field} ${item}`),
  )
  return rows.length === 0 ? [`${indent}nothing`] : rows
}
