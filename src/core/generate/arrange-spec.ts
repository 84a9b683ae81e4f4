/**
 * The order of everything in a generated specification, and what is said once where it could be said often. Source: what the reference
 * does with what it found (facts, toolkit §5.1).
 *   what stands twice in one place stands once
 *   a device does not repeat what every container gets anyway, unless nothing of it would be left
 *   nodes and mounts by depth of their path, then by name; groups by number; devices by name
 */

import { shareResults } from "../cdi/edits/map-edits.ts"
import { mergeEdits } from "../cdi/edits/merge-edits.ts"
import type { CdiDevice, ContainerEdits } from "../cdi/spec.ts"
import { areEmptyEdits } from "../cdi/spec.ts"
import { depthOf } from "../text/path-depth.ts"

export interface Arranged {
  readonly devices: readonly CdiDevice[]
  readonly containerEdits: ContainerEdits
}

/** `merged`: the name of a device that is all the others together; undefined: none. A device of that name keeps it. */
export function arrangeSpec(
  devices: readonly CdiDevice[],
  containerEdits: ContainerEdits,
  merged: string | undefined,
): Arranged {
  const key = createKeys()
  const shared = arrangeEdits(containerEdits, key)
  const distinct = [...new Set(devices.map((one) => one.containerEdits))]
  const together: readonly CdiDevice[] =
    merged === undefined || devices.length === 0 || devices.some(({ name }) => name === merged)
      ? []
      : [
          {
            name: merged,
            annotations: new Map(),
            containerEdits: mergeEdits(distinct),
          },
        ]
  const withoutShared = leaveOut(shared, key)
  const arrange = shareResults((edits: ContainerEdits): ContainerEdits => {
    const own = arrangeEdits(edits, key)
    const left = withoutShared(own)
    return areEmptyEdits(left) ? own : left
  })
  const arranged = [...devices, ...together].map((device) => ({
    ...device,
    containerEdits: arrange(device.containerEdits),
  }))
  return { devices: arranged.sort((one, other) => compare(one.name, other.name)), containerEdits: shared }
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

function arrangeEdits(edits: ContainerEdits, key: KeyOf): ContainerEdits {
  return {
    ...edits,
    env: once(edits.env, key),
    deviceNodes: sortByPath(once(edits.deviceNodes, key), ({ path }) => path),
    netDevices: once(edits.netDevices, key),
    hooks: once(edits.hooks, key),
    mounts: sortByPath(once(edits.mounts, key), ({ containerPath }) => containerPath),
    additionalGids: once(edits.additionalGids, key).toSorted((one, other) => one - other),
  }
}

/** Takes out of edits what these have. */
function leaveOut(shared: ContainerEdits, key: KeyOf): (own: ContainerEdits) => ContainerEdits {
  const less = {
    env: lessOf(shared.env, key),
    deviceNodes: lessOf(shared.deviceNodes, key),
    netDevices: lessOf(shared.netDevices, key),
    hooks: lessOf(shared.hooks, key),
    mounts: lessOf(shared.mounts, key),
    additionalGids: lessOf(shared.additionalGids, key),
  }
  return (own) => ({
    ...own,
    env: less.env(own.env),
    deviceNodes: less.deviceNodes(own.deviceNodes),
    netDevices: less.netDevices(own.netDevices),
    hooks: less.hooks(own.hooks),
    mounts: less.mounts(own.mounts),
    additionalGids: less.additionalGids(own.additionalGids),
  })
}

/** Equal for equal items. Written out once for each object, since the device `all` has the very items of the others. */
type KeyOf = (item: string | number | object) => string | number

function createKeys(): KeyOf {
  const written = shareResults((item: object): string => JSON.stringify(item))
  return (item) => (typeof item === "object" ? written(item) : item)
}

const once = <T extends string | number | object>(items: readonly T[], key: KeyOf): readonly T[] =>
  items.length < 2 ? items : [...new Map(items.map((item) => [key(item), item])).values()]

function lessOf<T extends string | number | object>(
  others: readonly T[],
  key: KeyOf,
): (items: readonly T[]) => readonly T[] {
  const known = new Set(others.map(key))
  return (items) => (known.size === 0 ? items : items.filter((item) => !known.has(key(item))))
}

/** Paths are clean. */
function sortByPath<T>(items: readonly T[], pathOf: (item: T) => string): readonly T[] {
  if (items.length < 2) return items
  return items
    .map((item) => ({ item, path: pathOf(item), depth: depthOf(pathOf(item)) }))
    .sort((one, other) => one.depth - other.depth || compare(one.path, other.path))
    .map(({ item }) => item)
}
