/**
 * What an administrator adds to a generated specification: edits for every container, for a device under any of its names, and devices of
 * their own, each with what is noted of it.
 */

import { mergeEdits } from "../cdi/edits/merge-edits.ts"
import type { CdiDevice, CdiSpec, ContainerEdits } from "../cdi/spec.ts"
import { noEdits } from "../cdi/spec.ts"
import { canonicalName } from "./machine-names.ts"

export type Additions = Pick<CdiSpec, "annotations" | "containerEdits" | "devices">

export const noAdditions: Additions = { annotations: new Map(), containerEdits: noEdits, devices: [] }

/** In whatever form somebody writes it. */
const isAmong = (name: string, names: readonly string[]): boolean =>
  names.some((one) => canonicalName(one) === canonicalName(name))

/** With what is added for a device of these names, and noted of it. */
export function addFor(
  names: readonly string[],
  own: ContainerEdits,
  { devices }: Additions,
): Pick<CdiDevice, "annotations" | "containerEdits"> {
  const added = devices.filter(({ name }) => isAmong(name, names))
  return {
    annotations: new Map(added.flatMap(({ annotations }) => [...annotations])),
    containerEdits: added.length === 0 ? own : mergeEdits([own, ...added.map((one) => one.containerEdits)]),
  }
}

/** Devices that are none of these. */
export const ownDevices = (names: readonly string[], { devices }: Additions): readonly CdiDevice[] =>
  devices.filter(({ name }) => !isAmong(name, names))
