/** What a CDI device does to a container: its own edits and those of every device beside it. */

import type { RegisteredDevice } from "../cdi/registry/registry.ts"
import { minimumVersion } from "../cdi/rules/version.ts"
import type { CdiSpec } from "../cdi/spec.ts"
import { escapeControl } from "../text/escape.ts"
import { editsJson, placeOf, renderEdits, renderPlace } from "./render-cdi-edits.ts"

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

/** `beside`: more members. */
export const renderCdiDevicesJson = (devices: readonly RegisteredDevice[], beside: object): string =>
  `${JSON.stringify(
    {
      version: 1,
      devices: devices.map(({ name, device, source, hidden }) => {
        const { file, line, column } = placeOf(source, device.name)
        return {
          name,
          file,
          line,
          column,
          cdiVersion: source.spec.cdiVersion,
          minimumVersion: minimumVersion(source.spec).version,
          hidden: hidden.map(({ path }) => path),
          annotations: Object.fromEntries(device.annotations),
          containerEdits: editsJson(device.containerEdits),
          specContainerEdits: editsJson(source.spec.containerEdits),
        }
      }),
      ...beside,
    },
    null,
    2,
  )}\n`

function renderNeed(spec: CdiSpec): string {
  const { version, because } = minimumVersion(spec)
  return because === undefined ? version : `${version} for ${because.what}`
}

const renderAnnotations = (annotations: ReadonlyMap<string, string>): readonly string[] =>
  [...annotations].map(([key, value]) => `  annotation ${key}: ${value}`)
