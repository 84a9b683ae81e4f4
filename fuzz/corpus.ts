/** Valid inputs that lie in the repository: recorded machines, listings, vectors. Read once, in the order of their names. */

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { parseRecording, type Recording } from "../src/host/recording.ts"

const root = join(import.meta.dir, "..")
const encoder = new TextEncoder()

export const bytesOf = (text: string): Uint8Array => encoder.encode(text)

const hostNames = (): readonly string[] => readdirSync(join(root, "hosts")).sort()

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

export const recordings: () => readonly Recording[] = once(() =>
  hostNames().flatMap((name) => {
    const file = join(root, "hosts", name, "machine.json")
    const parsed = existsSync(file) ? parseRecording(readFileSync(file, "utf8"), name) : undefined
    return parsed?.ok === true ? [parsed.value] : []
  }),
)

export const listings: () => readonly string[] = once(() =>
  hostNames().flatMap((name) => {
    const file = join(root, "hosts", name, "listing.txt")
    return existsSync(file) ? [readFileSync(file, "utf8")] : []
  }),
)

/** Answers of recorded machines to questions that fit, decoded where they are contents. */
export const contents = (pattern: RegExp): readonly Uint8Array[] =>
  recordings().flatMap(({ answers }) =>
    Object.entries(answers).flatMap(([question, answer]) =>
      pattern.test(question) && "value" in answer && typeof answer.value === "string"
        ? [new Uint8Array(Buffer.from(answer.value, "base64"))]
        : [],
    ),
  )

export interface HookTexts {
  readonly config: string
  readonly state: string
  readonly spec: string
}

/** Every eighth of the vectors: they are many and alike. */
export const hookTexts: () => readonly HookTexts[] = once(() =>
  ["2020-07", "1.13", "1.20"].flatMap((profile) =>
    gunzipSync(readFileSync(join(root, "tests/vectors/hook", `${profile}.jsonl.gz`)))
      .toString("utf8")
      .split("\n")
      .filter((line, index) => line !== "" && index % 8 === 0)
      .map((line) => {
        const { config, state, spec } = JSON.parse(line) as {
          config?: string
          state?: string
          spec?: string | null
        }
        return { config: config ?? "", state: state ?? "", spec: spec ?? "" }
      }),
  ),
)

/** Vectors that are taken, as they are written. */
export const cdiSpecs: () => readonly string[] = once(() => {
  const rows = JSON.parse(readFileSync(join(root, "tests/vectors/cdi/specs.json"), "utf8")) as readonly {
    readonly given: { readonly text?: string; readonly spec?: unknown; readonly edits?: unknown }
    readonly fault?: unknown
  }[]
  return rows
    .filter(({ fault }) => fault === undefined)
    .map(({ given: { text, spec, edits } }) => {
      const whole = { cdiVersion: "1.1.0", kind: "v/c", devices: [{ name: "a", containerEdits: edits }] }
      return text ?? JSON.stringify(spec ?? whole)
    })
})
