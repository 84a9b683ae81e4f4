/**
 * What a word with a tag means to the loaders that engines have: what the tag says, or nothing. A tag that is not one of YAML's own for scalars
 * makes a text of the word. Source: observed on the reference's loader (tests/core/cdi/read/read-yaml.test.ts).
 */

import { resolvePlain } from "./resolve-plain.ts"
import type { SpecScalar } from "./spec-node.ts"

/** What `!!` stands for. */
export const tagPrefix = "tag:yaml.org,2002:"

export type TaggedOutcome =
  | { readonly ok: true; readonly scalar: SpecScalar }
  | { readonly ok: false; readonly problem: string }

/** `tag`: in full, as `tag:yaml.org,2002:int`. */
export function resolveTagged(text: string, tag: string): TaggedOutcome {
  const name = tag.startsWith(tagPrefix) ? tag.slice(tagPrefix.length) : ""
  const scalar = scalarBy(name, text)
  return scalar === undefined
    ? { ok: false, problem: `${JSON.stringify(text)} cannot be read as !!${name}` }
    : { ok: true, scalar }
}

/** undefined: the text is nothing of that name. */
function scalarBy(name: string, text: string): SpecScalar | undefined {
  const plain = resolvePlain(text)
  switch (name) {
    case "bool":
      return plain.kind === "boolean" ? plain : undefined
    case "null":
      return plain.kind === "null" ? plain : undefined
    case "int":
      return plain.kind === "integer" ? plain : undefined
    case "float":
      if (plain.kind === "integer") return { kind: "float", value: Number(plain.value) }
      return plain.kind === "float" ? plain : undefined
    case "binary":
      return undefined
    default:
      return { kind: "text", value: text }
  }
}
