/** Lexical paths, as POSIX and Go's filepath.Clean understand them. No file system is asked. */

/** Shortest equivalent: no doubled slashes, no `.`, no `..` that can be resolved. Empty becomes `.`. */
export function cleanPath(path: string): string {
  const isAbsolute = path.startsWith("/")
  // Nearly every path is clean already, and a look at a machine asks thousands of times.
  if (isAbsolute && !/\/(?:[/.]|$)/.test(path)) return path
  const kept: string[] = []
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue
    if (part !== "..") kept.push(part)
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop()
    else if (!isAbsolute) kept.push("..")
  }
  const joined = kept.join("/")
  return isAbsolute ? `/${joined}` : joined || "."
}

/** Joins and cleans; empty elements count for nothing, and nothing at all is the empty path. */
export function joinPath(...elements: readonly string[]): string {
  const present = elements.filter((element) => element !== "")
  if (present.length === 0) return ""
  const joined = present.join("/")
  return cleanPath(joined.startsWith("//") ? joined.slice(1) : joined)
}

/** The absolute path that `path` means for a process working in `directory`. */
export const absolutePath = (path: string, directory: string): string =>
  path.startsWith("/") ? cleanPath(path) : joinPath(directory, path)

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/")
  return slash <= 0 ? "/" : path.slice(0, slash)
}
