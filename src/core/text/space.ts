/** White space as Go's unicode.IsSpace has it: with U+0085, without U+FEFF, unlike JavaScript's trim. */

const space = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

/** Walks in from both ends: a pattern anchored at the end would look at a long run of blanks again and again. */
export function trimSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && space.test(text[start] ?? "")) start++
  while (end > start && space.test(text[end - 1] ?? "")) end--
  return text.slice(start, end)
}

/** Comma list: split, trimmed, empty items dropped. */
export function splitList(text: string): readonly string[] {
  return text
    .split(",")
    .map(trimSpace)
    .filter((item) => item !== "")
}
