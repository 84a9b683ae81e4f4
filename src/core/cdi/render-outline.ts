/** Outlines as JSON, in one line, and edits item by item: what is told of a specification where nobody reads it back as a file. */

import { isOutlineMap, type Outline, outlineEdits } from "./outline-spec.ts"
import type { ContainerEdits } from "./spec.ts"

export function renderJson(outline: Outline): string {
  if (typeof outline === "string") return jsonText(outline)
  if (typeof outline !== "object") return String(outline)
  if (!isOutlineMap(outline)) return `[${outline.map(renderJson).join(",")}]`
  const members = outline.members.map(([name, value]) => `${jsonText(name)}:${renderJson(value)}`)
  return `{${members.join(",")}}`
}

/** Each field's items in one line each: texts as they are, the rest as JSON. Order: of the fields of the specification. */
export const listEdits = (edits: ContainerEdits): ReadonlyMap<string, readonly string[]> =>
  new Map(
    outlineEdits(edits).members.map(([field, value]) => [
      field,
      (isList(value) ? value : [value]).map((item) => (typeof item === "string" ? item : renderJson(item))),
    ]),
  )

const isList = (outline: Outline): outline is readonly Outline[] =>
  typeof outline === "object" && !isOutlineMap(outline)

/** JSON that is YAML 1.1 too: what that refuses or folds is told by an escape. */
const jsonText = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replaceAll(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
