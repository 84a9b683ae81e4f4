/**
 * Patterns of paths as Go's path/filepath.Match has them: `*` and `?` for no slash, `[a-z]`, `[^a]`, a backslash before what is meant literally.
 * A malformed pattern matches nothing. Source: the documentation of path/filepath, Match; ErrBadPattern.
 * In time that grows with the product of both lengths at most: patterns come from strangers.
 */

type Token =
  | { readonly kind: "star" | "any" }
  | { readonly kind: "one"; readonly character: string }
  | {
      readonly kind: "list"
      readonly isNegated: boolean
      readonly ranges: readonly (readonly [low: number, high: number])[]
    }

export function matchesPath(pattern: string, path: string): boolean {
  const tokens = parsePattern([...pattern])
  if (tokens === undefined) return false
  const characters = [...path]
  let at = 0
  let place = 0
  // Only the last star is ever tried again: what stood before it has matched, as early as it could.
  let star: { readonly after: number; place: number } | undefined
  while (place < characters.length || at < tokens.length) {
    const token = tokens[at]
    if (token?.kind === "star") {
      star = { after: ++at, place }
      continue
    }
    const character = characters[place]
    if (token !== undefined && character !== undefined && fits(token, character)) {
      at++
      place++
    } else if (star !== undefined && star.place < characters.length && characters[star.place] !== "/") {
      at = star.after
      place = ++star.place
    } else return false
  }
  return true
}

function fits(token: Token, character: string): boolean {
  switch (token.kind) {
    case "star":
      return false
    case "any":
      return character !== "/"
    case "one":
      return character === token.character
    case "list": {
      const point = character.codePointAt(0) ?? 0
      return token.ranges.some(([low, high]) => low <= point && point <= high) !== token.isNegated
    }
  }
}

/** undefined: it is malformed. */
function parsePattern(pattern: readonly string[]): readonly Token[] | undefined {
  const tokens: Token[] = []
  let at = 0
  /** One character of a list or behind a backslash. */
  const literal = (): string | undefined => (pattern[at] === "\\" ? pattern[++at] : pattern[at])
  while (at < pattern.length) {
    const sign = pattern[at]
    if (sign === "*" || sign === "?") {
      tokens.push({ kind: sign === "*" ? "star" : "any" })
      at++
    } else if (sign === "[") {
      at++
      const isNegated = pattern[at] === "^"
      if (isNegated) at++
      const ranges: (readonly [number, number])[] = []
      while (ranges.length === 0 || pattern[at] !== "]") {
        const low = pattern[at] === "-" || pattern[at] === "]" ? undefined : literal()
        at++
        if (low === undefined) return undefined
        let high: string | undefined = low
        if (pattern[at] === "-") {
          at++
          high = pattern[at] === "-" || pattern[at] === "]" ? undefined : literal()
          at++
        }
        if (high === undefined) return undefined
        ranges.push([low.codePointAt(0) ?? 0, high.codePointAt(0) ?? 0])
      }
      at++
      tokens.push({ kind: "list", isNegated, ranges })
    } else {
      const character = literal()
      if (character === undefined) return undefined
      tokens.push({ kind: "one", character })
      at++
    }
  }
  return tokens
}
