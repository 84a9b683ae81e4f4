/**
 * A position-keeping JSON parser: every value knows the span of text it came from, so that an edit can splice the original
 * and numbers, order, unknown fields and repeated keys stay as they are (design, rule 2).
 * Source: RFC 8259, read as Go's decoder reads it: the first value counts, what follows it is ignored.
 * No recursion: nesting is bounded by a limit, not by the stack.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"

interface Span {
  /** Offsets in the text, UTF-16 code units; `end` is one past the last. */
  readonly start: number
  readonly end: number
}

export interface JsonMember {
  readonly key: string
  readonly keyStart: number
  readonly value: JsonValue
}

export type JsonObject = Span & { readonly kind: "object"; readonly members: readonly JsonMember[] }
export type JsonArray = Span & { readonly kind: "array"; readonly items: readonly JsonValue[] }
export type JsonString = Span & { readonly kind: "string"; readonly value: string }
/** A number as written: 2^64-1 and 1e3 are not the same kind of thing to everybody. */
export type JsonNumber = Span & { readonly kind: "number"; readonly text: string }
export type JsonLiteral = Span & { readonly kind: "boolean" | "null"; readonly value: boolean | null }
export type JsonValue = JsonObject | JsonArray | JsonString | JsonNumber | JsonLiteral

/** A text with what it says: who changes it needs both, and it is parsed once. */
export interface JsonDocument {
  readonly text: string
  readonly value: JsonValue
}

/** The nesting that Go's decoder allows, hence the most that any engine can have written. */
const depthLimit = 10_000

const blank = /[ \t\n\r]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these
const plainRun = /[^"\\\u0000-\u001f]*/y
const wholeEscape = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y
const cutEscape = /\\(?:u[0-9A-Fa-f]{0,3})?$/y
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const literal = /true|false|null/y

interface OpenObject {
  readonly kind: "object"
  readonly start: number
  readonly members: JsonMember[]
  key: string
  keyStart: number
}

interface OpenArray {
  readonly kind: "array"
  readonly start: number
  readonly items: JsonValue[]
}

/** Why a text is not JSON, and where. `isCut`: the text ends before the value does. */
export interface JsonProblem {
  readonly at: number
  readonly problem: string
  readonly isCut: boolean
}

export type JsonOutcome =
  | { readonly ok: true; readonly value: JsonValue }
  | ({ readonly ok: false } & JsonProblem)

export function parseJson(text: string): JsonOutcome {
  const open: (OpenObject | OpenArray)[] = []
  let at = skip(text, 0)
  for (;;) {
    // Here a value must begin.
    let value: JsonValue | undefined
    const first = text[at]
    if (first === "{" || first === "[") {
      if (open.length >= depthLimit) return problem(text, at, "nesting that is too deep")
      const start = at
      at = skip(text, at + 1)
      if (first === "[" && text[at] === "]") value = { kind: "array", start, end: ++at, items: [] }
      else if (first === "{" && text[at] === "}") value = { kind: "object", start, end: ++at, members: [] }
      else if (first === "[") {
        open.push({ kind: "array", start, items: [] })
        continue
      } else {
        const object: OpenObject = { kind: "object", start, members: [], key: "", keyStart: at }
        const next = readKey(text, at, object)
        if (typeof next !== "number") return next
        open.push(object)
        at = next
        continue
      }
    } else {
      const scalar = readScalar(text, at)
      if ("problem" in scalar) return scalar
      value = scalar
      at = scalar.end
    }
    // A value is complete: hand it to what is open, and close what it completes.
    for (;;) {
      const parent = open.at(-1)
      if (parent === undefined) return { ok: true, value }
      at = skip(text, at)
      const next = text[at]
      if (parent.kind === "array") {
        parent.items.push(value)
        if (next === ",") {
          at = skip(text, at + 1)
          break
        }
        if (next !== "]") return problem(text, at, "a list without , or ] where one must stand")
        value = { kind: "array", start: parent.start, end: ++at, items: parent.items }
      } else {
        parent.members.push({ key: parent.key, keyStart: parent.keyStart, value })
        if (next === ",") {
          const after = readKey(text, skip(text, at + 1), parent)
          if (typeof after !== "number") return after
          at = after
          break
        }
        if (next !== "}") return problem(text, at, "an object without , or } where one must stand")
        value = { kind: "object", start: parent.start, end: ++at, members: parent.members }
      }
      open.pop()
    }
  }
}

/** Parses the first value of a text, or says in one fault why there is none. `what` names the text for people. */
export function parseJsonValue(text: string, what: "container state" | "OCI spec"): Result<JsonValue> {
  const outcome = parseJson(text)
  if (outcome.ok) return ok(outcome.value)
  return fail(fault("JsonInvalid", { what, offset: outcome.at, problem: outcome.problem }))
}

function skip(text: string, at: number): number {
  blank.lastIndex = at
  blank.test(text)
  return blank.lastIndex
}

function problem(text: string, at: number, what: string): { readonly ok: false } & JsonProblem {
  return at >= text.length
    ? { ok: false, at: text.length, problem: "unexpected end of input", isCut: true }
    : { ok: false, at, problem: what, isCut: false }
}

/** Reads `"key" :` into the object and returns where the value begins. */
function readKey(
  text: string,
  at: number,
  into: OpenObject,
): number | ({ readonly ok: false } & JsonProblem) {
  const key = readString(text, at)
  if (typeof key === "number") return problem(text, key, "a key must be a string")
  const colon = skip(text, key.end)
  if (text[colon] !== ":") return problem(text, colon, "a key without :")
  into.key = key.value
  into.keyStart = at
  return skip(text, colon + 1)
}

function readScalar(text: string, at: number): JsonValue | ({ readonly ok: false } & JsonProblem) {
  const first = text[at]
  if (first === '"') {
    const found = readString(text, at)
    return typeof found === "number"
      ? problem(text, found, "a string that is malformed")
      : { kind: "string", ...found }
  }
  number.lastIndex = at
  if (number.test(text)) {
    const end = number.lastIndex
    // `1.` and `1e` end where the pattern stopped too early.
    if (/[0-9.eE+-]/.test(text[end] ?? "")) return problem(text, end, "a number that is malformed")
    return { kind: "number", start: at, end, text: text.slice(at, end) }
  }
  literal.lastIndex = at
  const word = literal.exec(text)?.[0]
  if (word === "null") return { kind: "null", start: at, end: at + 4, value: null }
  if (word !== undefined) return { kind: "boolean", start: at, end: at + word.length, value: word === "true" }
  const rest = text.slice(at)
  if (rest !== "" && rest.length < 5 && ["true", "false", "null"].some((whole) => whole.startsWith(rest)))
    return problem(text, text.length, "")
  return problem(text, at, "a value is missing or malformed")
}

/** The string, or the offset of what is wrong with it; the text's end when it was cut off. No backtracking: it may be long. */
function readString(text: string, at: number): (Span & { readonly value: string }) | number {
  if (text[at] !== '"') return at
  let value = ""
  let from = at + 1
  for (;;) {
    plainRun.lastIndex = from
    plainRun.test(text)
    const end = plainRun.lastIndex
    value += text.slice(from, end)
    const next = text[end]
    if (next === '"')
      return { start: at, end: end + 1, value: value.isWellFormed() ? value : value.toWellFormed() }
    if (next === undefined) return text.length
    wholeEscape.lastIndex = end
    if (!wholeEscape.test(text)) {
      cutEscape.lastIndex = end
      return cutEscape.test(text) ? text.length : end
    }
    value += unescapeAt(text, end)
    from = wholeEscape.lastIndex
  }
}

const letters: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }

/** Lone surrogates become U+FFFD when the whole is known, as in Go. */
function unescapeAt(text: string, at: number): string {
  const letter = text[at + 1] ?? ""
  if (letter === "u") return String.fromCharCode(Number.parseInt(text.slice(at + 2, at + 6), 16))
  return letters[letter] ?? letter
}
