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

interface Item {
  /** What is compared: of a node without a hostPath the same as of one that says its own. */
  readonly meaning: string
  /** As it is written. */
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
    const items = ones.get(field) ?? []
    const otherItems = others.get(field) ?? []
    const changes = diffLists(where, field, items, otherItems)
    if (changes.length > 0) return changes
    return diffOrder(
      where,
      field,
      groupItems(items, orderGroups(field, one)),
      groupItems(otherItems, orderGroups(field, other)),
    )
  })
}

/** Each field's items. Order: of the fields of the specification. */
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
 * Each item's group, within which order counts: variables of one name, nodes and mounts of one place, of which the last wins, and hooks of one
 * name, which run one after the other. Empty: order never counts. Mounts are sorted by depth, so that none hides another: apply-edits.ts.
 */
function orderGroups(field: string, { env, deviceNodes, mounts, hooks }: ContainerEdits): readonly string[] {
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

type Groups = ReadonlyMap<string, readonly Item[]>

/** `groups`: as orderGroups gives them. */
function groupItems(items: readonly Item[], groups: readonly string[]): Groups {
  // No Map.groupBy: the library runs on Node 20 too.
  const grouped = new Map<string, Item[]>()
  for (const [index, group] of groups.entries()) {
    const item = items[index]
    if (item === undefined) continue
    const known = grouped.get(group)
    if (known === undefined) grouped.set(group, [item])
    else known.push(item)
  }
  return grouped
}

/** The same items in another order: those that stand elsewhere in groups where containers notice it. */
function diffOrder(where: string, field: string, ones: Groups, others: Groups): readonly SpecChange[] {
  // All hooks run, in their order; of the others the last of its place is all that a container gets.
  const outcome = (items: readonly Item[]): string | undefined =>
    field === "hooks" ? items.map(({ meaning }) => meaning).join("\n") : items.at(-1)?.meaning
  const changed = [...ones]
    .map(([group, items]) => ({ items, otherItems: others.get(group) ?? [] }))
    .filter(({ items, otherItems }) => outcome(items) !== outcome(otherItems))
  const moved = (items: readonly Item[], from: readonly Item[]): readonly Item[] =>
    items.filter(({ meaning }, index) => meaning !== from[index]?.meaning)
  return [
    ...tell(
      where,
      field,
      "removed",
      changed.flatMap(({ items, otherItems }) => moved(items, otherItems)),
    ),
    ...tell(
      where,
      field,
      "added",
      changed.flatMap(({ items, otherItems }) => moved(otherItems, items)),
    ),
  ]
}

/** What stands twice in one and once in the other is gone once. */
const diffLists = (
  where: string,
  field: string,
  ones: readonly Item[],
  others: readonly Item[],
): readonly SpecChange[] => [
  ...tell(where, field, "removed", without(ones, others)),
  ...tell(where, field, "added", without(others, ones)),
]

/** Each of the others takes one away that means the same, the first. */
function without(items: readonly Item[], others: readonly Item[]): readonly Item[] {
  const counts = new Map<string, number>()
  for (const { meaning } of others) counts.set(meaning, (counts.get(meaning) ?? 0) + 1)
  return items.filter(({ meaning }) => {
    const count = counts.get(meaning) ?? 0
    counts.set(meaning, count - 1)
    return count <= 0
  })
}

const tell = (
  where: string,
  field: string,
  change: SpecChange["change"],
  items: readonly Item[],
): readonly SpecChange[] => items.map(({ text: what }) => ({ where, field, change, what }))
