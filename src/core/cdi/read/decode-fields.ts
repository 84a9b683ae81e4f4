/**
 * Readers of typed fields. They take what the reference's loader takes: a number or truth value where a string belongs, a whole number written with
 * a fraction, null for nothing. Objects with fields of their own: decode-record.ts.
 */

import { type Reader, refuse, reportRepeated, shown, tolerate } from "./decoding.ts"
import { floatText } from "./resolve-plain.ts"
import type { SpecNode } from "./spec-node.ts"

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
      const value = wholeNumber(node, min)
      if (value !== undefined && value >= BigInt(min) && value <= BigInt(max)) return Number(value)
      refuse(node, path, decoding, `a whole number from ${min} to ${max}`)
      return 0
    },
  }
}

/** undefined: it is none. */
function wholeNumber(node: SpecNode, min: number): bigint | undefined {
  if (node.kind === "integer") return node.value
  if (node.kind !== "float" || !Number.isInteger(node.value)) return undefined
  const isRefusedZero = min === 0 && Object.is(node.value, -0)
  return isRefusedZero ? undefined : BigInt(node.value)
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
