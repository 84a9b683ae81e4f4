/**
 * A number as C's strtoumax reads it when it must read the whole text: space in front, a sign, leading zeros; a negative one wraps
 * around to a number that nothing has. The reference reads device indices and IMEX channels so.
 */

/** undefined: no number, or one that nothing has. */
export function parseCount(text: string): number | undefined {
  const [, sign, digits] = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const count = Number(digits)
  if (sign !== "-") return count
  return count === 0 ? 0 : undefined
}
