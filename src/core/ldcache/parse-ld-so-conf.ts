/**
 * The lines of the loader's configuration: a directory, `include` with patterns, or the `hwcap` of old, which is passed over.
 * Source: ldconfig(8), ld.so.conf(5); observed on ldconfig of glibc 2.36:
 *   `#` begins a comment anywhere; blanks around a line count for nothing, those within a directory's name do
 *   `/dir=libc6` and `/dir = libc6` mean `/dir`; slashes at the end are dropped
 *   a directory need not be absolute: it then means one below where ldconfig runs, and stands so in the cache
 */

export type LdSoConfLine =
  | { readonly kind: "directory"; readonly path: string }
  /** Patterns; relative ones mean the directory of the file that has the line. */
  | { readonly kind: "include"; readonly patterns: readonly string[] }

/** Order: as in the text. */
export function parseLdSoConf(text: string): readonly LdSoConfLine[] {
  return text.split("\n").flatMap((whole): readonly LdSoConfLine[] => {
    const line = trimBlanks(whole.split("#", 1)[0] ?? "")
    if (line === "" || /^hwcap[ \t]/.test(line)) return []
    if (/^include[ \t]/.test(line)) return [{ kind: "include", patterns: line.split(/[ \t]+/).slice(1) }]
    const path = trimSlashes(trimBlanks(line.split("=", 1)[0] ?? ""))
    return path === "" ? [] : [{ kind: "directory", path }]
  })
}

const isBlank = (character: string | undefined): boolean =>
  character !== undefined && /[ \t\r\v\f]/.test(character)

/** Walks in from both ends: a pattern anchored at the end would look at a long run of blanks again and again. */
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (isBlank(text[start])) start++
  while (end > start && isBlank(text[end - 1])) end--
  return text.slice(start, end)
}

function trimSlashes(path: string): string {
  let end = path.length
  while (end > 1 && path[end - 1] === "/") end--
  return path.slice(0, end)
}
