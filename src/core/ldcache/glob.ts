/**
 * File name patterns as the loader's configuration has them: `*`, `?`, `[a-z]`, `[!a]`, a backslash before what is meant literally.
 * A leading dot is matched only by a dot. Source: POSIX.1-2017, XCU 2.13.
 * Matching takes time in proportion to name times pattern, whatever the pattern: it may be hostile.
 */

import type { LibraryTree } from "./library-tree.ts"
import type { WalkBudget } from "./walk-budget.ts"

/** More than any directory of configuration holds. */
const matchLimit = 4096

export interface GlobBudget {
  /** That may still be read: patterns may ask for all of a tree, again and again. */
  directories: number
  /** Where patterns are compared with names, too. */
  readonly walk: WalkBudget
}

/** `isMatch`: of one part of the pattern and a name. Order: by code point, within each directory. What cannot be read has no matches. */
export function expandGlob(
  tree: Pick<LibraryTree, "readDir">,
  pattern: string,
  budget: GlobBudget,
  isMatch: typeof matchName = matchName,
): readonly string[] {
  let found: readonly string[] = [""]
  const parts = pattern.split("/").filter((part) => part !== "" && part !== ".")
  for (const part of parts) {
    // A bracket that nothing closes is looked for up to the end of its part, at each character.
    const steps = part.length * part.split("[").length
    if (!budget.walk.spend(steps * found.length)) return []
    if (!/[*?[\\]/.test(part)) {
      found = found.map((directory) => `${directory}/${part}`)
      continue
    }
    const next: string[] = []
    for (const directory of found) {
      if (budget.directories-- <= 0) return []
      const names = tree.readDir(directory === "" ? "/" : directory)
      if (!names.ok) continue
      // A large directory counts as many.
      budget.directories -= Math.floor(names.value.length / 256)
      for (const name of names.value) {
        if (next.length === matchLimit) break
        if (!budget.walk.spend(steps * name.length)) return []
        if (isMatch(part, name)) next.push(`${directory}/${name}`)
      }
    }
    found = next
  }
  return found
}

export const matchName = (pattern: string, name: string): boolean =>
  (pattern.startsWith(".") || !name.startsWith(".")) && matchAnyName(pattern, name)

/**
 * A leading dot is a character as others, as it is to Go's programs. A `*` is tried at its first place, and moved on when what follows does not
 * fit: only the last one ever needs to be.
 */
export function matchAnyName(pattern: string, name: string): boolean {
  let at = 0
  let place = 0
  let star: { readonly after: number; place: number } | undefined
  while (place < name.length) {
    if (pattern[at] === "*") {
      star = { after: ++at, place }
      continue
    }
    const end = matchOne(pattern, at, name[place] ?? "")
    if (end !== undefined) {
      at = end
      place++
    } else if (star === undefined) return false
    else {
      at = star.after
      place = ++star.place
    }
  }
  while (pattern[at] === "*") at++
  return at === pattern.length
}

/** Where the pattern goes on when what stands at `at` fits the character. */
function matchOne(pattern: string, at: number, character: string): number | undefined {
  const one = pattern[at]
  if (one === undefined) return undefined
  if (one === "?") return at + 1
  if (one === "\\") return pattern[at + 1] === character ? at + 2 : undefined
  const isNegated = pattern[at + 1] === "!"
  const first = at + (isNegated ? 2 : 1)
  // A bracket that would close an empty list is the first in it.
  const end = one === "[" ? pattern.indexOf("]", first + 1) : -1
  if (end === -1) return one === character ? at + 1 : undefined
  const isListed = isInList(pattern.slice(first, end), character)
  return isListed === isNegated ? undefined : end + 1
}

function isInList(list: string, character: string): boolean {
  for (let at = 0; at < list.length; at++) {
    const [first = "", dash, last] = list.slice(at, at + 3)
    if (dash === "-" && last !== undefined) {
      if (first <= character && character <= last) return true
      at += 2
    } else if (first === character) return true
  }
  return false
}
