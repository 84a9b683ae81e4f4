/** Where what stands between quotes ends, to JSON and YAML alike. Linear in its length, and without recursion. */

/** Behind the quote that closes what the one at `start` opens; undefined: none does. */
export function findQuoteEnd(text: string, start: number): number | undefined {
  const sign = text[start] === '"' ? /\\.|"/gs : /''|'/g
  sign.lastIndex = start + 1
  for (let found = sign.exec(text); found !== null; found = sign.exec(text))
    if (found[0].length === 1) return sign.lastIndex
  return undefined
}
