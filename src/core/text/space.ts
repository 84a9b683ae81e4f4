/** White space as Go's unicode.IsSpace has it: with U+0085, without U+FEFF, unlike JavaScript's trim. */

const space = "[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"
const leading = new RegExp(`^${space}+`)
const trailing = new RegExp(`${space}+$`)

export const trimSpace = (text: string): string => text.replace(leading, "").replace(trailing, "")

/** Comma list: split, trimmed, empty items dropped. */
export function splitList(text: string): readonly string[] {
  return text
    .split(",")
    .map(trimSpace)
    .filter((item) => item !== "")
}
