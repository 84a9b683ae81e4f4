/** `*` and `?` as a shell has them, in time that grows with the product of both lengths at most: patterns come from strangers. */

export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0
  let place = 0
  let star = -1
  let retry = 0
  while (at < text.length) {
    const wanted = pattern[place]
    if (wanted === "*") {
      star = place++
      retry = at
    } else if (wanted === "?" || (wanted !== undefined && wanted === text[at])) {
      place++
      at++
    } else if (star !== -1) {
      place = star + 1
      at = ++retry
    } else return false
  }
  while (pattern[place] === "*") place++
  return place === pattern.length
}
