/**
 * A reader of objects with named fields. As the reference's loader it takes names in any case. One thing that takes is refused: a name that stands
 * twice in different cases, of which an accident picks one.
 */

import { fault } from "../../fault/fault.ts"
import { nearestOf } from "../../text/nearest.ts"
import type { SpecPath } from "../spec.ts"
import { type Decoding, type Reader, refuse, report, reportRepeated, tolerate } from "./decoding.ts"
import { foldName, type SpecEntry } from "./spec-node.ts"
import { placeAt } from "./spec-source.ts"

type Shape = Readonly<Record<string, Reader<unknown>>>
type Shaped<S extends Shape> = { readonly [K in keyof S]: S[K] extends Reader<infer T> ? T : never }

export function record<S extends Shape>(shape: S): Reader<Shaped<S>> {
  const names = Object.keys(shape)
  const nameOf = matchNames(names)
  const empty = Object.fromEntries(names.map((name) => [name, shape[name]?.empty])) as Shaped<S>
  return {
    empty,
    read(node, path, decoding) {
      if (node.kind === "null") return empty
      if (node.kind !== "map") {
        refuse(node, path, decoding, "an object")
        return empty
      }
      const found: Record<string, unknown> = { ...empty }
      /** From a field to its spelling here. */
      const spelled = new Map<string, string>()
      for (const entry of node.entries) {
        const name = nameOf(entry.key)
        const reader = name === undefined ? undefined : shape[name]
        if (name === undefined || reader === undefined) {
          reportUnknown(entry, names, path, decoding)
          continue
        }
        const before = spelled.get(name)
        if (before !== undefined) {
          reportRepeated(entry, before, path, decoding)
          continue
        }
        spelled.set(name, entry.key)
        const inner = [...path, name]
        if (entry.key !== name) tolerateSpelling(entry, name, inner, decoding)
        found[name] = reader.read(entry.value, inner, decoding)
      }
      return found as Shaped<S>
    },
  }
}

/** From a key to the field that it names, in whatever case; undefined: it names none. */
function matchNames(names: readonly string[]): (key: string) => string | undefined {
  const known = new Set(names)
  const byFold = new Map(names.map((name) => [foldName(name), name]))
  return (key) => (known.has(key) ? key : byFold.get(foldName(key)))
}

function reportUnknown(
  { key, keyStart }: SpecEntry,
  names: readonly string[],
  path: SpecPath,
  decoding: Decoding,
): void {
  report(decoding, () => {
    const place = placeAt(decoding.source, keyStart, path)
    return fault("CdiFieldUnknown", { place, field: key, meant: nearestOf(key, names) })
  })
}

function tolerateSpelling(
  { key, keyStart }: SpecEntry,
  name: string,
  path: SpecPath,
  decoding: Decoding,
): void {
  tolerate(decoding, () => ({
    path,
    start: keyStart,
    what: `${JSON.stringify(key)} where the field is called ${name}`,
    advice: "write it as the specification does: containerd from 2.4 on refuses the file",
    refusedBy: "from 1.1.1",
  }))
}
