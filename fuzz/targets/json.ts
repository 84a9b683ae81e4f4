/** JSON, held against the engine's own parser: what one accepts, the other accepts, with the same meaning. */

import { parseContainerSpec } from "../../src/core/oci/container-spec.ts"
import { type JsonValue, parseJson } from "../../src/core/oci/json.ts"
import { parseState } from "../../src/core/oci/state.ts"
import { bytesOf, hookTexts } from "../corpus.ts"
import { checkResult, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

/** As JSON.parse would have it; the last of a repeated key counts. */
function plain(value: JsonValue): unknown {
  switch (value.kind) {
    case "object": {
      const entries: [string, unknown][] = value.members.map(({ key, value: one }) => [key, plain(one)])
      return Object.fromEntries(entries)
    }
    case "array":
      return value.items.map(plain)
    case "number":
      return Number(value.text)
    default:
      return value.value
  }
}

/** As Go reads it: half a surrogate pair is no character. */
function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key.toWellFormed(), wellFormed(one)]))
}

/** undefined: the engine refuses it. */
function byEngine(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: wellFormed(JSON.parse(text)) }
  } catch {
    return undefined
  }
}

function compareParsers(text: string): string | undefined {
  const ours = parseJson(text)
  const whole = byEngine(text)
  if (!ours.ok) return whole === undefined ? undefined : `refused at ${ours.at}: ${ours.problem}`
  const { start, end } = ours.value
  // What follows the first value counts for nothing.
  const theirs = byEngine(text.slice(start, end))
  if (theirs === undefined) return `accepted ${start} to ${end}, which is no JSON`
  return JSON.stringify(theirs.value) === JSON.stringify(plain(ours.value))
    ? undefined
    : "read with another meaning"
}

export const json: FuzzTarget = {
  name: "json",
  weight: 16,
  seeds: () =>
    [
      '{"a":[1,-2.5e3,"\\u00e9\\ud83d\\ude00",true,null,{}],"b":{"c":[]}}',
      ...hookTexts().flatMap(({ state, spec }) => [state, spec]),
    ].map(bytesOf),
  tokens: [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\u",
    "\\",
    "null",
    "true",
    "-",
    "0",
    "1e5",
    '"env":',
    '"pid":',
    '"root":',
  ],
  check(input) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input)
    return firstOf(
      compareParsers(text),
      checkResult(parseState(text), () => undefined),
      checkResult(parseContainerSpec(text), () => undefined),
    )
  },
}
