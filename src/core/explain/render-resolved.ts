/** What several CDI devices do to a container together. */

import type { ResolvedDevices } from "../cdi/edits/collect-edits.ts"
import { escapeControl } from "../text/escape.ts"
import { editsJson, placeOf, renderEdits, renderPlace } from "./render-cdi-edits.ts"

/** Devices, then all edits as an engine applies them. */
export const renderResolved = ({ devices, edits }: ResolvedDevices): string =>
  `${[
    ...devices.map(({ name, device, source }) => `${name} from ${renderPlace(placeOf(source, device.name))}`),
    "",
    ...renderEdits(edits, ""),
  ]
    .map(escapeControl)
    .join("\n")}\n`

/** `beside`: more members. */
export const renderResolvedJson = ({ devices, edits }: ResolvedDevices, beside: object): string => {
  const told = {
    version: 1,
    devices: devices.map(({ name, source }) => ({ name, file: source.path })),
    containerEdits: editsJson(edits),
    ...beside,
  }
  return `${JSON.stringify(told, null, 2)}\n`
}
