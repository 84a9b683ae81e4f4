/**
 * What edits of a specification give twice, differently: two nodes or two mounts of one place, two values of one variable. Engines take the last,
 * and say nothing. And variables that are set in the place of an image's: nobody puts the image's own value in. Source: the released Go
 * package (facts §6.5).
 */

import { type ContainerEdits, hostPathOf } from "../cdi/spec.ts"
import type { CdiEditsFaults } from "../fault/cdi-edits.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { cleanPath } from "../text/path.ts"
import { found, groupUses, otherPlaces, placeOf, type Use } from "./cdi-subject.ts"

/** Order: what is given twice, as edits stand, of each nodes, mounts, variables; then variables in an image's place. */
export const checkTwice = (all: readonly Use<ContainerEdits>[]): readonly Finding[] => [
  ...all.flatMap(twiceIn),
  ...checkReplaced(all),
]

interface Given {
  readonly name: string
  /** Of the same name the same, or another. */
  readonly from: string
  readonly path: readonly [field: string, index: number]
}

function twiceIn(use: Use<ContainerEdits>): readonly Finding[] {
  const { deviceNodes, mounts, env } = use.item
  const nodes = deviceNodes.map((node, index): Given => {
    return { name: cleanPath(node.path), from: hostPathOf(node), path: ["deviceNodes", index] }
  })
  const bound = mounts.map(({ containerPath, hostPath }, index): Given => {
    return { name: cleanPath(containerPath), from: hostPath, path: ["mounts", index] }
  })
  const set = env.map((entry, index): Given => {
    const { name, value } = splitEntry(entry)
    return { name, from: value, path: ["env", index] }
  })
  return [...twice(use, "node", nodes), ...twice(use, "mount", bound), ...twice(use, "variable", set)]
}

function twice(
  use: Use<ContainerEdits>,
  what: CdiEditsFaults["CdiGivenTwice"]["what"],
  given: readonly Given[],
): readonly Finding[] {
  if (new Set(given.map(({ name }) => name)).size === given.length) return []
  return [...Map.groupBy(given, ({ name }) => name)].flatMap(([name, ones]) => {
    const last = ones.at(-1) as Given
    const passed = ones.findLast(({ from }) => from !== last.from)
    return passed === undefined
      ? []
      : [
          found(
            "warning",
            fault("CdiGivenTwice", {
              place: use.source.locate([...use.path, ...passed.path]),
              what,
              name,
              passed: passed.from,
              last: last.from,
            }),
          ),
        ]
  })
}

function splitEntry(entry: string): { readonly name: string; readonly value: string } {
  const at = entry.indexOf("=")
  return { name: entry.slice(0, at), value: entry.slice(at + 1) }
}

/** Of which images have values that they need. */
const needed: readonly string[] = ["PATH", "LD_LIBRARY_PATH", "LD_PRELOAD"]

function checkReplaced(all: readonly Use<ContainerEdits>[]): readonly Finding[] {
  const entries = all.flatMap((use) =>
    use.item.env.map((item, index): Use<string> => ({ ...use, item, path: [...use.path, "env", index] })),
  )
  const told = entries.filter(({ item }) => {
    const { name, value } = splitEntry(item)
    return needed.includes(name) || isLiteral(name, value)
  })
  return groupUses(told, (entry) => entry).map(([entry, uses]) => {
    const { name, value } = splitEntry(entry)
    const isMistaken = isLiteral(name, value)
    return found(
      isMistaken ? "warning" : "note",
      fault("CdiVariableReplaced", { place: placeOf(uses[0]), name, value, isLiteral: isMistaken }),
      ...otherPlaces(uses),
    )
  })
}

/** As shells put a variable's own value in; `${PATHS}` is another's. */
const isLiteral = (name: string, value: string): boolean =>
  value
    .split(`\${${name}`)
    .slice(1)
    .some((rest) => !/^\w/.test(rest)) || value.split(/[:;, ]/).includes(`$${name}`)
