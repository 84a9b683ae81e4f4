/** What two specifications do not have in common, line by line of what they do to containers. */

import { cleanPath } from "../text/path.ts"
import { fillDefaults, givenGids } from "./fill-defaults.ts"
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

/** What is compared, and how it is written: a node without a hostPath is the same as one that says its own. */
interface Item {
  readonly meaning: string
  readonly text: string
}

/**
 * Empty: containers get the same. Order: envelope, shared edits, devices of `one`, new devices; within a field removals first. An item that only
 * moved, where order matters, is removed and added.
 */
export function diffSpecs(one: CdiSpec, other: CdiSpec): readonly SpecChange[] {
  const others = new Map(other.devices.map((device) => [device.name, device]))
  const names = new Set(one.devices.map(({ name }) => name))
  return [
    ...replaced("cdiVersion", one.cdiVersion, other.cdiVersion),
    ...replaced("kind", one.kind, other.kind),
    ...diffTexts("annotations", "", renderAnnotations(one.annotations), renderAnnotations(other.annotations)),
    ...diffEdits("containerEdits", one.containerEdits, other.containerEdits),
    ...one.devices.flatMap(({ name, annotations, containerEdits }): readonly SpecChange[] => {
      const where = `device ${name}`
      const twin = others.get(name)
      if (twin === undefined) return [{ where, field: "", change: "removed", what: "" }]
      return [
        ...diffTexts(
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
  diffTexts(where, "", [one], [other])

const diffTexts = (
  where: string,
  field: string,
  ones: readonly string[],
  others: readonly string[],
): readonly SpecChange[] => diffLists(where, field, ones.map(asWritten), others.map(asWritten))

const asWritten = (text: string): Item => ({ meaning: text, text })

const renderAnnotations = (annotations: ReadonlyMap<string, string>): readonly string[] =>
  [...annotations].map(([key, value]) => `${key}: ${value}`).sort()

function diffEdits(where: string, one: ContainerEdits, other: ContainerEdits): readonly SpecChange[] {
  const [ones, others] = [itemsOf(one), itemsOf(other)]
  return [...new Set([...ones.keys(), ...others.keys()])].flatMap((field) => {
    const pair = [ones.get(field) ?? [], others.get(field) ?? []] as const
    const changes = diffLists(where, field, ...pair)
    if (changes.length > 0) return changes
    return diffOrder(
      where,
      field,
      groupItems(pair[0], sharedBy(field, one)),
      groupItems(pair[1], sharedBy(field, other)),
    )
  })
}

function itemsOf(edits: ContainerEdits): ReadonlyMap<string, readonly Item[]> {
  const meanings = listEdits(fillDefaults(edits))
  const texts = listEdits({ ...edits, additionalGids: givenGids(edits.additionalGids) })
  return new Map(
    [...texts].map(([field, items]) => [
      field,
      items.map((text, index) => ({ meaning: meanings.get(field)?.[index] ?? text, text })),
    ]),
  )
}

/**
 * For each item what its order counts within: that of variables, nodes and mounts in one place, of which the last wins, and of hooks of one
 * name, which run one after the other. Empty: it never counts. Mounts are sorted by depth, so that none hides another: apply-edits.ts.
 */
function sharedBy(field: string, { env, deviceNodes, mounts, hooks }: ContainerEdits): readonly string[] {
  switch (field) {
    case "env":
      return env.map((entry) => entry.slice(0, entry.indexOf("=")))
    case "deviceNodes":
      return deviceNodes.map(({ path }) => cleanPath(path))
    case "mounts":
      return mounts.map(({ containerPath }) => cleanPath(containerPath))
    case "hooks":
      return hooks.map(({ hookName }) => hookName)
    default:
      return []
  }
}

const groupItems = (
  items: readonly Item[],
  shared: readonly string[],
): ReadonlyMap<string, readonly Item[]> => {
  // No Map.groupBy: the library runs on Node 20 too.
  const groups = new Map<string, Item[]>()
  for (const [index, item] of items.entries()) {
    const key = shared[index]
    const known = key === undefined ? undefined : groups.get(key)
    if (known !== undefined) known.push(item)
    else if (key !== undefined) groups.set(key, [item])
  }
  return groups
}

/** The same items in another order: those that stand elsewhere, where that counts. */
function diffOrder(
  where: string,
  field: string,
  ones: ReadonlyMap<string, readonly Item[]>,
  others: ReadonlyMap<string, readonly Item[]>,
): readonly SpecChange[] {
  const counts = (items: readonly Item[]): string | undefined =>
    field === "hooks" ? items.map(({ meaning }) => meaning).join("\n") : items.at(-1)?.meaning
  const pairs = [...ones]
    .map(([key, items]) => [items, others.get(key) ?? []] as const)
    .filter(([items, twins]) => counts(items) !== counts(twins))
  const moved = (items: readonly Item[], from: readonly Item[]): readonly Item[] =>
    items.filter(({ meaning }, index) => meaning !== from[index]?.meaning)
  return [
    ...pairs
      .flatMap(([items, twins]) => moved(items, twins))
      .map(({ text: what }): SpecChange => ({ where, field, change: "removed", what })),
    ...pairs
      .flatMap(([items, twins]) => moved(twins, items))
      .map(({ text: what }): SpecChange => ({ where, field, change: "added", what })),
  ]
}

/** What stands twice in one and once in the other is gone once. */
function diffLists(
  where: string,
  field: string,
  ones: readonly Item[],
  others: readonly Item[],
): readonly SpecChange[] {
  const without = (items: readonly Item[], gone: readonly Item[]): readonly Item[] => {
    const counts = new Map<string, number>()
    for (const { meaning } of gone) counts.set(meaning, (counts.get(meaning) ?? 0) + 1)
    return items.filter(({ meaning }) => {
      const count = counts.get(meaning) ?? 0
      counts.set(meaning, count - 1)
      return count <= 0
    })
  }
  return [
    ...without(ones, others).map(({ text: what }): SpecChange => ({ where, field, change: "removed", what })),
    ...without(others, ones).map(({ text: what }): SpecChange => ({ where, field, change: "added", what })),
  ]
}
