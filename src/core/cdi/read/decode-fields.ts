/**
 * Readers of typed fields, which collect every fault instead of stopping at the first. They take what the reference's loader takes:
 * names in any case, a number or truth value where a string belongs, a whole number written with a fraction, null for nothing.
 * One thing it takes is refused: a name that stands twice in different cases, of which an accident picks one.
 */

import type { ReaderEra } from "../../fault/cdi.ts"
import { type Fault, fault } from "../../fault/fault.ts"
import { nearestOf } from "../../text/nearest.ts"
import type { SpecPath } from "../spec.ts"
import { floatText } from "./resolve-plain.ts"
import { foldName, type SpecEntry, type SpecNode } from "./spec-node.ts"
import { placeAt, type SpecSource } from "./spec-source.ts"

/** One reading of a text: where it stands, and what has been found in it so far. */
export interface Decoding {
  readonly source: SpecSource
  readonly faults: Fault[]
  /** What is taken here and not everywhere. */
  readonly leniencies: Leniency[]
}

export interface Leniency {
  readonly path: SpecPath
  readonly start: number
  readonly what: string
  readonly advice: string
  readonly refusedBy?: ReaderEra
}

/** More of them help nobody. */
const faultLimit = 100

export interface Reader<T> {
  /** What a field that was left out means. */
  readonly empty: T
  /** `empty`, or a part of it, where it is not as it should be: then `decoding` has a fault. */
  read(node: SpecNode, path: SpecPath, decoding: Decoding): T
}

/** A value as a fault calls it. */
const shown = (node: SpecNode): string => {
  switch (node.kind) {
    case "map":
      return "an object"
    case "list":
      return "a list"
    case "null":
      return "null"
    case "text":
      return "a string"
    case "boolean":
      return String(node.value)
    default:
      return `number ${node.kind === "integer" ? node.value : floatText(node.value)}`
  }
}

function report(decoding: Decoding, made: () => Fault): void {
  if (decoding.faults.length < faultLimit) decoding.faults.push(made())
}

/** A file of nothing but numbers where texts belong has a million. */
function tolerate(decoding: Decoding, made: () => Leniency): void {
  if (decoding.leniencies.length < faultLimit) decoding.leniencies.push(made())
}

function refuse(node: SpecNode, path: SpecPath, decoding: Decoding, expected: string): void {
  report(decoding, () => {
    const place = placeAt(decoding.source, node.start, path)
    return fault("CdiTypeWrong", { place, found: shown(node), expected })
  })
}

export const text: Reader<string> = {
  empty: "",
  read(node, path, decoding) {
    if (node.kind === "text") return node.value
    if (node.kind === "null") return ""
    if (node.kind === "map" || node.kind === "list") {
      refuse(node, path, decoding, "a string")
      return ""
    }
    tolerate(decoding, () => ({
      path,
      start: node.start,
      what: `${shown(node)} where a string belongs`,
      advice: "put it in quotes: containerd from 2.4 on takes what is written, other engines what that means",
    }))
    return node.kind === "float" ? floatText(node.value) : String(node.value)
  },
}

export const truth: Reader<boolean> = {
  empty: false,
  read(node, path, decoding) {
    if (node.kind === "boolean") return node.value
    if (node.kind !== "null") refuse(node, path, decoding, "true or false")
    return false
  },
}

/**
 * Bounds are safe integers: beyond them no device has a number and no wait an end. Where none is below zero the reference's loader does not
 * take `-0.0`.
 */
export function integer(min: number, max: number): Reader<number> {
  return {
    empty: 0,
    read(node, path, decoding) {
      if (node.kind === "null") return 0
      const value =
        node.kind === "integer"
          ? node.value
          : node.kind === "float" && Number.isInteger(node.value) && !(min === 0 && Object.is(node.value, -0))
            ? BigInt(node.value)
            : undefined
      if (value !== undefined && value >= BigInt(min) && value <= BigInt(max)) return Number(value)
      refuse(node, path, decoding, `a whole number from ${min} to ${max}`)
      return 0
    },
  }
}

/** Left out and null are undefined. */
export const optional = <T>(reader: Reader<T>): Reader<T | undefined> => ({
  empty: undefined,
  read: (node, path, decoding) => (node.kind === "null" ? undefined : reader.read(node, path, decoding)),
})

export function list<T>(reader: Reader<T>): Reader<readonly T[]> {
  return {
    empty: [],
    read(node, path, decoding) {
      if (node.kind === "null") return []
      if (node.kind === "list")
        return node.items.map((item, index) => reader.read(item, [...path, index], decoding))
      refuse(node, path, decoding, "a list")
      return []
    },
  }
}

/** An item of a list, which cannot be null: the reference's loader crashes on it. */
export const notNull = <T>(reader: Reader<T>): Reader<T> => ({
  empty: reader.empty,
  read(node, path, decoding) {
    if (node.kind === "null") refuse(node, path, decoding, "an object")
    return reader.read(node, path, decoding)
  },
})

export const textMap: Reader<ReadonlyMap<string, string>> = {
  empty: new Map(),
  read(node, path, decoding) {
    if (node.kind === "null") return new Map()
    if (node.kind !== "map") {
      refuse(node, path, decoding, "an object of strings")
      return new Map()
    }
    const map = new Map<string, string>()
    for (const entry of node.entries) {
      if (map.has(entry.key)) reportRepeated(entry, entry.key, path, decoding)
      map.set(entry.key, text.read(entry.value, [...path, entry.key], decoding))
    }
    return map
  },
}

function reportRepeated(entry: SpecEntry, other: string, path: SpecPath, decoding: Decoding): void {
  report(decoding, () => {
    const place = placeAt(decoding.source, entry.keyStart, path)
    return fault("CdiFieldRepeated", { place, field: entry.key, other })
  })
}

type Shape = Readonly<Record<string, Reader<unknown>>>
type Shaped<S extends Shape> = { readonly [K in keyof S]: S[K] extends Reader<infer T> ? T : never }

export function record<S extends Shape>(shape: S): Reader<Shaped<S>> {
  const names = Object.keys(shape)
  const indexes = new Map(names.map((name, index) => [name, index]))
  const byFold = new Map(names.map((name) => [foldName(name), name]))
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
      // The spelling seen of each field, by its index.
      const written: string[] = []
      for (const entry of node.entries) {
        const name = indexes.has(entry.key) ? entry.key : byFold.get(foldName(entry.key))
        const reader = name === undefined ? undefined : shape[name]
        if (name === undefined || reader === undefined) {
          report(decoding, () => {
            const place = placeAt(decoding.source, entry.keyStart, path)
            return fault("CdiFieldUnknown", { place, field: entry.key, meant: nearestOf(entry.key, names) })
          })
          continue
        }
        const index = indexes.get(name) ?? 0
        const before = written[index]
        if (before !== undefined) {
          reportRepeated(entry, before, path, decoding)
          continue
        }
        written[index] = entry.key
        const inner = [...path, name]
        if (entry.key !== name)
          tolerate(decoding, () => ({
            path: inner,
            start: entry.keyStart,
            what: `${JSON.stringify(entry.key)} where the field is called ${name}`,
            advice: "write it as the specification does: containerd from 2.4 on refuses the file",
            refusedBy: "from 1.1.1" as const,
          }))
        found[name] = reader.read(entry.value, inner, decoding)
      }
      return found as Shaped<S>
    },
  }
}
