/**
 * Changing a JSON text without touching what is not changed: a patch says what is to be different, and comes out as splices of the
 * original. Every value that stays keeps its bytes.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { isSameKey, mismatch } from "./decode.ts"
import type { JsonMember, JsonObject, JsonValue } from "./json.ts"

export interface ObjectPatch {
  readonly kind: "object"
  /** Names as the specification writes them. Order: of new members. */
  readonly members: readonly (readonly [name: string, patch: JsonPatch])[]
  /** Names are a stranger's, not fields: only the very same name is the same. */
  readonly isMap?: true
}

export interface ListPatch {
  readonly kind: "list"
  /** What becomes of an item that is there. */
  judge(item: JsonValue): "stays" | "goes" | { readonly instead: string }
  /** JSON texts that follow, asked for when every item was judged. */
  more(): readonly string[]
}

/** A list whose order changes too. */
export interface RewritePatch {
  readonly kind: "rewrite"
  /** The texts that the list has then, of those that it had (text and value) and new ones. */
  write(items: readonly { readonly text: string; readonly value: JsonValue }[]): readonly string[]
}

/** Another value, whatever was there. */
export interface ValuePatch {
  readonly kind: "value"
  readonly text: string
}

export type JsonPatch = ObjectPatch | ListPatch | RewritePatch | ValuePatch

interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Faults: JsonTypeWrong, SpecKeyRepeated. `path` names the value for people. */
export function patchJson(text: string, value: JsonValue, patch: JsonPatch, path = ""): Result<string> {
  const splices: Splice[] = []
  const done = collect(text, value, patch, path, splices)
  if (!done.ok) return done
  let patched = ""
  let at = 0
  for (const { start, end, text: piece } of splices.sort((one, other) => one.start - other.start)) {
    patched += text.slice(at, start) + piece
    at = end
  }
  return ok(patched + text.slice(at))
}

function collect(
  text: string,
  value: JsonValue,
  patch: JsonPatch,
  path: string,
  splices: Splice[],
): Result<true> {
  if (patch.kind === "value") {
    splices.push({ start: value.start, end: value.end, text: patch.text })
    return ok(true)
  }
  if (value.kind === "null") {
    const made = render(patch)
    if (made !== undefined) splices.push({ start: value.start, end: value.end, text: made })
    return ok(true)
  }
  if (patch.kind === "list") return collectList(text, value, patch, path, splices)
  if (patch.kind === "rewrite") return collectRewrite(text, value, patch, path, splices)
  if (value.kind !== "object") return mismatch(path, value, "an object")
  const added: string[] = []
  for (const [name, inner] of patch.members) {
    const place = path === "" ? name : `${path}.${name}`
    const member = findMember(value, name, place, patch.isMap === true ? isSame : isSameKey)
    if (!member.ok) return member
    if (member.value !== undefined) {
      const done = collect(text, member.value.value, inner, place, splices)
      if (!done.ok) return done
      continue
    }
    const made = render(inner)
    if (made !== undefined) added.push(`${JSON.stringify(name)}:${made}`)
  }
  appendTo(value, value.members.at(-1)?.value.end, added, splices)
  return ok(true)
}

const isSame = (one: string, other: string): boolean => one === other

/** A decoder merges what stands twice in ways that depend on its kind: nobody can say where a change belongs. */
function findMember(
  object: JsonObject,
  name: string,
  path: string,
  isMeant: (key: string, name: string) => boolean,
): Result<JsonMember | undefined> {
  const [member, another] = object.members.filter(({ key }) => isMeant(key, name))
  return another === undefined ? ok(member) : fail(fault("SpecKeyRepeated", { path }))
}

function collectList(
  text: string,
  value: JsonValue,
  patch: ListPatch,
  path: string,
  splices: Splice[],
): Result<true> {
  if (value.kind !== "array") return mismatch(path, value, "a list")
  const judged = value.items.map((item) => ({ item, verdict: patch.judge(item) }))
  if (judged.some(({ verdict }) => verdict === "goes")) {
    const kept = judged.flatMap(({ item, verdict }) => {
      if (verdict === "goes") return []
      return [verdict === "stays" ? text.slice(item.start, item.end) : verdict.instead]
    })
    splices.push({ start: value.start, end: value.end, text: `[${[...kept, ...patch.more()].join(",")}]` })
    return ok(true)
  }
  for (const { item, verdict } of judged)
    if (typeof verdict === "object") splices.push({ start: item.start, end: item.end, text: verdict.instead })
  appendTo(value, value.items.at(-1)?.end, patch.more(), splices)
  return ok(true)
}

/** As long as what was there stays in front, it keeps its bytes and its blanks. */
function collectRewrite(
  text: string,
  value: JsonValue,
  patch: RewritePatch,
  path: string,
  splices: Splice[],
): Result<true> {
  if (value.kind !== "array") return mismatch(path, value, "a list")
  const before = value.items.map((item) => ({ text: text.slice(item.start, item.end), value: item }))
  const after = patch.write(before)
  if (before.every((item, index) => item.text === after[index]))
    appendTo(value, value.items.at(-1)?.end, after.slice(before.length), splices)
  else splices.push({ start: value.start, end: value.end, text: `[${after.join(",")}]` })
  return ok(true)
}

/** Behind the last thing in it, or in its empty inside. */
function appendTo(
  { start }: JsonValue,
  lastEnd: number | undefined,
  added: readonly string[],
  splices: Splice[],
): void {
  if (added.length === 0) return
  const at = lastEnd ?? start + 1
  splices.push({ start: at, end: at, text: `${lastEnd === undefined ? "" : ","}${added.join(",")}` })
}

/** What is made where nothing was; undefined: nothing is to be there. */
function render(patch: JsonPatch): string | undefined {
  if (patch.kind === "value") return patch.text
  if (patch.kind !== "object") {
    const items = patch.kind === "list" ? patch.more() : patch.write([])
    return items.length === 0 ? undefined : `[${items.join(",")}]`
  }
  const members = patch.members.flatMap(([name, inner]) => {
    const made = render(inner)
    return made === undefined ? [] : [`${JSON.stringify(name)}:${made}`]
  })
  return members.length === 0 ? undefined : `{${members.join(",")}}`
}
