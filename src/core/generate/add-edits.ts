/**
 * What an administrator adds to a generated specification: edits for every container, for a device under any of its names, and devices of
 * their own, each with what is noted of it.
 */

import { mergeEdits } from "../cdi/merge-edits.ts"
import type { CdiDevice, CdiSpec, ContainerEdits } from "../cdi/spec.ts"
import { noEdits } from "../cdi/spec.ts"
import { canonicalName } from "./machine-names.ts"

export type Additions = Pick<CdiSpec, "annotations" | "containerEdits" | "devices">

export const noAdditions: Additions = { annotations: new Map(), containerEdits: noEdits, devices: [] }

/** In whatever form somebody writes it. */
const isAmong = (name: string, names: readonly string[]): boolean =>
  names.some((one) => canonicalName(one) === canonicalName(name))

/** With what is added for a device of these names. */
export function addFor(
  names: readonly string[],
  own: ContainerEdits,
  { devices }: Additions,
): ContainerEdits {
  const added = devices.filter(({ name }) => isAmong(name, names))
  return added.length === 0 ? own : mergeEdits([own, ...added.map((one) => one.containerEdits)])
}

/** What is noted of a device of these names. */
export const annotationsFor = (
  names: readonly string[],
  { devices }: Additions,
): ReadonlyMap<string, string> =>
  new Map(devices.filter(({ name }) => isAmong(name, names)).flatMap(({ annotations }) => [...annotations]))

/** Devices that are none of these. */
export const ownDevices = (names: readonly string[], { devices }: Additions): readonly CdiDevice[] =>
  devices.filter(({ name }) => !isAmong(name, names))
