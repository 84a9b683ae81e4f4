/**
 * Changes to a container's config.json as splices of its text: numbers, order, unknown fields, blanks and what nobody asked about stay
 * as they are, byte for byte (design, rule 2). Source: OCI runtime specification.
 */

import type { Result } from "../fault/result.ts"
import { baseName, cleanPath } from "../text/path.ts"
import type { JsonDocument, JsonObject, JsonValue } from "./json.ts"
import { type JsonPatch, type ListPatch, patchJson } from "./patch-json.ts"

export interface SpecDevice {
  readonly path: string
  readonly major: number
  readonly minor: number
  /** Permission bits. */
  readonly fileMode: number
  readonly uid: number
  readonly gid: number
}

export interface SpecDeviceRule {
  readonly major: number
  readonly minor: number
  readonly access: "rw" | "rwm"
}

export interface SpecBind {
  readonly source: string
  readonly destination: string
  readonly options: readonly string[]
}

export interface SpecHook {
  readonly path: string
  readonly args: readonly string[]
  /** Never empty: a hook without an environment of its own gets the container's. */
  readonly env: readonly [string, ...string[]]
}

export interface SpecEdits {
  readonly devices: readonly SpecDevice[]
  readonly deviceRules: readonly SpecDeviceRule[]
  readonly mounts: readonly SpecBind[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly additionalGids: readonly number[]
  readonly createContainerHooks: readonly SpecHook[]
  /** Base names of prestart hooks that go: another tool's, that would do the work a second time. */
  readonly prestartHooksGone: readonly string[]
}

/** The text with the edits; the same text when there is nothing to change. Faults: JsonTypeWrong, SpecKeyRepeated. */
export function editSpec({ text, value }: JsonDocument, edits: SpecEdits): Result<string> {
  return patchJson(text, value, {
    kind: "object",
    members: [
      [
        "process",
        object(
          ["env", envPatch(edits.env)],
          ["user", object(["additionalGids", gidPatch(edits.additionalGids)])],
        ),
      ],
      ["mounts", mountPatch(edits.mounts)],
      [
        "hooks",
        object(
          ["prestart", gonePatch(edits.prestartHooksGone)],
          ["createContainer", more(edits.createContainerHooks)],
        ),
      ],
      [
        "linux",
        object(
          ["devices", devicePatch(edits.devices)],
          ["resources", object(["devices", more(edits.deviceRules.map(renderRule))])],
        ),
      ],
    ],
  })
}

export const object = (...members: readonly (readonly [string, JsonPatch])[]): JsonPatch => ({
  kind: "object",
  members,
})

export const list = (judge: ListPatch["judge"], added: readonly unknown[]): ListPatch => ({
  kind: "list",
  judge,
  more: () => added.map((one) => JSON.stringify(one)),
})

const stays = (): "stays" => "stays"
export const more = (added: readonly unknown[]): ListPatch => list(stays, added)

const renderRule = ({ major, minor, access }: SpecDeviceRule): object => ({
  allow: true,
  type: "c",
  major,
  minor,
  access,
})

/** A variable that is there gets its new value where it stands, as often as it stands. */
export function envPatch(env: SpecEdits["env"]): ListPatch {
  const present = new Set<string>()
  const entries = new Map(env.map(({ name, value }) => [name, `${name}=${value}`]))
  return {
    kind: "list",
    judge(item) {
      if (item.kind !== "string") return "stays"
      const name = item.value.split("=", 1)[0] ?? ""
      const entry = entries.get(name)
      if (entry === undefined) return "stays"
      present.add(name)
      return { instead: JSON.stringify(entry) }
    },
    more: () => [...entries].flatMap(([name, entry]) => (present.has(name) ? [] : [JSON.stringify(entry)])),
  }
}

export function gidPatch(gids: readonly number[]): ListPatch {
  const wanted = new Set(gids)
  return {
    kind: "list",
    judge(item) {
      if (item.kind === "number") wanted.delete(Number(item.text))
      return "stays"
    },
    more: () => [...wanted].map(String),
  }
}

/** What is mounted there already gives way, as in the specification of CDI. */
function mountPatch(mounts: readonly SpecBind[]): ListPatch {
  const ours = new Set(mounts.map(({ destination }) => destination))
  const rendered = mounts.map(({ source, destination, options }) => ({
    destination,
    type: "bind",
    source,
    options,
  }))
  return list((item) => (ours.has(placeOf(item, "destination")) ? "goes" : "stays"), rendered)
}

function devicePatch(devices: readonly SpecDevice[]): ListPatch {
  const ours = new Set(devices.map(({ path }) => path))
  const rendered = devices.map(({ path, major, minor, fileMode, uid, gid }) => ({
    path,
    type: "c",
    major,
    minor,
    fileMode,
    uid,
    gid,
  }))
  return list((item) => (ours.has(placeOf(item, "path")) ? "goes" : "stays"), rendered)
}

const gonePatch = (names: readonly string[]): ListPatch =>
  list((item) => (names.includes(baseName(placeOf(item, "path"))) ? "goes" : "stays"), [])

/** A member's text as a clean path; empty: there is none. */
export function placeOf(item: JsonValue, name: "path" | "destination"): string {
  const found = item.kind === "object" ? lastText(item, name) : undefined
  return found === undefined || found === "" ? "" : cleanPath(found)
}

function lastText({ members }: JsonObject, name: string): string | undefined {
  const value = members.findLast(({ key }) => key.toLowerCase() === name)?.value
  return value?.kind === "string" ? value.value : undefined
}
