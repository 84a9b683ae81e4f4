/**
 * Reading typed fields out of JSON the way Go's decoder fills a structure: keys match in any case, a repeated key overrides
 * and repeated objects merge, null leaves strings and numbers as they were and clears the rest, a wrong type is a fault.
 * Every engine's files are read by such a decoder today, so what it takes, we take.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { JsonValue } from "./json.ts"

/** What one field expects, and where its value goes. Returns a fault for a wrong type. */
export type FieldReader = (value: JsonValue, path: string) => Result<true>

export type Fields = Readonly<Record<string, FieldReader>>

const done: Result<true> = ok(true)

/** Fills fields from an object; `null` is left to the caller, who knows what it clears. */
export function decodeFields(value: JsonValue, path: string, fields: Fields): Result<true> {
  if (value.kind === "null") return done
  if (value.kind !== "object") return mismatch(path, value, "an object")
  for (const member of value.members) {
    const name = fields[member.key] === undefined ? foldKey(member.key) : member.key
    const read = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (read === undefined) continue
    const outcome = read(member.value, path === "" ? name : `${path}.${name}`)
    if (!outcome.ok) return outcome
  }
  return done
}

export function mismatch(path: string, value: JsonValue, expected: string): Result<never> {
  return fail(
    fault("JsonTypeWrong", { path: path === "" ? "the document" : path, found: shown(value), expected }),
  )
}

const shown = (value: JsonValue): string => {
  if (value.kind === "array") return "a list"
  if (value.kind === "object") return "an object"
  return value.kind === "null" ? "null" : `a ${value.kind}`
}

/**
 * A decoder folds case with Unicode's simple folding; of all non-ASCII letters only these two fold to ASCII ones.
 * Field names in `Fields` are therefore written as the specification writes them and compared folded.
 */
function foldKey(key: string): string {
  const folded = foldCase(key)
  return knownFolds.get(folded) ?? folded
}

/** Would a decoder take one for the other? */
export const isSameKey = (one: string, other: string): boolean =>
  one === other || foldCase(one) === foldCase(other)

/** The sign of kelvin is a small k of itself. */
const foldCase = (key: string): string => key.toLowerCase().replaceAll("\u017f", "s")

/** Folded form → name in the specification, for the names that have capitals. */
const knownFolds: ReadonlyMap<string, string> = new Map(
  ["ociVersion", "bundlePath", "uidMappings", "gidMappings", "containerID", "hostID"].map((name) => [
    name.toLowerCase(),
    name,
  ]),
)

/** A string that null leaves alone. */
export function stringField(set: (value: string) => void): FieldReader {
  return (value, path) => {
    if (value.kind === "null") return done
    if (value.kind !== "string") return mismatch(path, value, "a string")
    set(value.value)
    return done
  }
}

/** An integer within bounds, written as one: `42.0` and `1e3` are refused, as Go refuses them. */
export function integerField(min: bigint, max: bigint, set: (value: bigint) => void): FieldReader {
  return (value, path) => {
    if (value.kind === "null") return done
    if (value.kind !== "number" || !/^-?\d+$/.test(value.text)) return mismatch(path, value, "an integer")
    const parsed = BigInt(value.text)
    if (parsed < min || parsed > max) return mismatch(path, value, `an integer from ${min} to ${max}`)
    set(parsed)
    return done
  }
}

/**
 * A list whose elements keep, at the same place, what an earlier list of a repeated key had there: that is how Go reuses
 * a slice. `slots` outlives the repetitions; `setLength` says how many count.
 */
export function listField<T>(
  slots: T[],
  fresh: () => T,
  read: (slot: T, item: JsonValue, path: string) => Result<T>,
  setLength: (length: number) => void,
): FieldReader {
  return (value, path) => {
    if (value.kind === "null") {
      slots.length = 0
      setLength(0)
      return done
    }
    if (value.kind !== "array") return mismatch(path, value, "a list")
    for (const [index, item] of value.items.entries()) {
      const outcome = read(slots[index] ?? fresh(), item, `${path}[${index}]`)
      if (!outcome.ok) return outcome
      slots[index] = outcome.value
    }
    if (value.items.length === 0) slots.length = 0
    setLength(value.items.length)
    return done
  }
}

/** A list of strings, in the manner of `listField`. */
export function stringListField(set: (value: readonly string[]) => void): FieldReader {
  const slots: string[] = []
  return listField<string>(
    slots,
    () => "",
    (slot, item, path) => {
      if (item.kind === "null") return ok(slot)
      return item.kind === "string" ? ok(item.value) : mismatch(path, item, "a string")
    },
    (length) => set(slots.slice(0, length)),
  )
}
