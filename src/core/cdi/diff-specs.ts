/** What two specifications do not have in common, line by line of what they do to containers. */

import { cleanPath } from "../text/path.ts"
import { listEdits } from "./render-outline.ts"
import type { CdiSpec, ContainerEdits } from "./spec.ts"

export interface SpecChange {
  /** `cdiVersion`, `kind`, `annotations`, `containerEdits` or `device NAME`. */
  readonly where: string
  /** As `mounts`; empty: `where` has no fields. */
  readonly field: string
  readonly change: "removed" | "added"
  /** In one line, as JSON where it is no text; empty: the whole device. */
  readonly what: string
}

/** Empty: containers get the same. Order: envelope, edits of all, devices of the one, then new ones; of a field what is gone first. What only stands elsewhere, where that counts, is gone and there again. */
export function diffSpecs(one: CdiSpec, other: CdiSpec): readonly SpecChange[] {
  const others = new Map(other.devices.map((device) => [device.name, device]))
  const names = new Set(one.devices.map(({ name }) => name))
  return [
    ...replaced("cdiVersion", one.cdiVersion, other.cdiVersion),
    ...replaced("kind", one.kind, other.kind),
    ...diffLists("annotations", "", renderAnnotations(one.annotations), renderAnnotations(other.annotations)),
    ...diffEdits("containerEdits", one.containerEdits, other.containerEdits),
    ...one.devices.flatMap(({ name, annotations, containerEdits }): readonly SpecChange[] => {
      const where = `device ${name}`
      const twin = others.get(name)
      if (twin === undefined) return [{ where, field: "", change: "removed", what: "" }]
      return [
        ...diffLists(
          where,
          "annotations",
          renderAnnotations(annotations),
          renderAnnotations(twin.annotations),
        ),
        ...diffEdits(where, containerEdits, twin.containerEdits),
      ]
    }),
    ...other.devices
      .filter(({ name }) => !names.has(name))
      .map(({ name }): SpecChange => ({ where: `device ${name}`, field: "", change: "added", what: "" })),
  ]
}

const replaced = (where: string, one: string, other: string): readonly SpecChange[] =>
  diffLists(where, "", [one], [other])

const renderAnnotations = (annotations: ReadonlyMap<string, string>): readonly string[] =>
  [...annotations].map(([key, value]) => `${key}: ${value}`).sort()

function diffEdits(where: string, one: ContainerEdits, other: ContainerEdits): readonly SpecChange[] {
  const [ones, others] = [listEdits(one), listEdits(other)]
  return [...new Set([...ones.keys(), ...others.keys()])].flatMap((field) => {
    const pair = [ones.get(field) ?? [], others.get(field) ?? []] as const
    const changes = diffLists(where, field, ...pair)
    return changes.length > 0 || !doesOrderCount(field, one) ? changes : diffOrder(where, field, ...pair)
  })
}

/** Hooks run one after the other; of two variables or mounts in one place the last wins. */
function doesOrderCount(field: string, { env, mounts, hooks }: ContainerEdits): boolean {
  const places = mounts.map(({ containerPath }) => cleanPath(containerPath))
  switch (field) {
    case "hooks":
      return hooks.length > 1
    case "env":
      return hasTwice(env.map((entry) => entry.slice(0, entry.indexOf("="))))
    case "mounts":
      return hasTwice(places) || places.some((one) => places.some((other) => other.startsWith(`${one}/`)))
    default:
      return false
  }
}

const hasTwice = (items: readonly string[]): boolean => new Set(items).size < items.length

/** The same items in another order: those that stand elsewhere. */
const diffOrder = (
  where: string,
  field: string,
  ones: readonly string[],
  others: readonly string[],
): readonly SpecChange[] => {
  const moved = (items: readonly string[], from: readonly string[]): readonly string[] =>
    items.filter((item, index) => item !== from[index])
  return [
    ...moved(ones, others).map((what): SpecChange => ({ where, field, change: "removed", what })),
    ...moved(others, ones).map((what): SpecChange => ({ where, field, change: "added", what })),
  ]
}

/** What stands twice in one and once in the other is gone once. */
function diffLists(
  where: string,
  field: string,
  ones: readonly string[],
  others: readonly string[],
): readonly SpecChange[] {
  const without = (items: readonly string[], gone: readonly string[]): readonly string[] => {
    const counts = new Map<string, number>()
    for (const item of gone) counts.set(item, (counts.get(item) ?? 0) + 1)
    return items.filter((item) => {
      const count = counts.get(item) ?? 0
      counts.set(item, count - 1)
      return count <= 0
    })
  }
  return [
    ...without(ones, others).map((what): SpecChange => ({ where, field, change: "removed", what })),
    ...without(others, ones).map((what): SpecChange => ({ where, field, change: "added", what })),
  ]
}
