/** Edits and places of CDI specifications, as they are told. */

import { outlineEdits } from "../cdi/outline-spec.ts"
import type { LoadedSpec } from "../cdi/registry/registry.ts"
import { listEdits, renderJson } from "../cdi/render-outline.ts"
import type { ContainerEdits } from "../cdi/spec.ts"
import type { CdiPlace } from "../fault/cdi-place.ts"

/** In the words of the specification; what means nothing is left out there too. */
export const editsJson = (edits: ContainerEdits): unknown => JSON.parse(renderJson(outlineEdits(edits)))

export function placeOf({ spec, locate }: LoadedSpec, name: string): CdiPlace {
  return locate(["devices", spec.devices.findIndex((device) => device.name === name)])
}

export const renderPlace = ({ file, line, column }: CdiPlace): string => `${file}:${line}:${column}`

export function renderEdits(edits: ContainerEdits, indent: string): readonly string[] {
  const rows = [...listEdits(edits)].flatMap(([field, items]) =>
    items.map((item) => `${indent}${field} ${item}`),
  )
  return rows.length === 0 ? [`${indent}nothing`] : rows
}
