/**
 * Where a low-level runtime lies: PATH, then the usual directories, as the reference looks for it. The launcher looks the same way
 * (src/launcher/find-runtime.c).
 */

import { realpathSync, statSync } from "node:fs"

const usualDirectories = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** `isOther`: what may be taken; a wrapper that found itself would never end. */
export function findRuntime(
  candidates: readonly string[],
  path: string,
  isOther: (found: string) => boolean = () => true,
): string | undefined {
  for (const candidate of candidates) {
    const found = programPlaces(candidate, path).find((place) => isExecutable(place) && isOther(place))
    if (found !== undefined) return found
  }
  return undefined
}

/** In the order in which they are tried. */
export const programPlaces = (candidate: string, path: string): readonly string[] =>
  candidate.includes("/")
    ? [candidate]
    : [...path.split(":"), ...usualDirectories.split(":")]
        .filter((one) => one.startsWith("/"))
        .map((one) => `${one}/${candidate}`)

/** Not the launcher, whose names stand on the PATH beside those that it took the place of. */
export const isAnothers = (path: string): boolean => !realpathSync(path).endsWith("/gantry-launcher")

function isExecutable(path: string): boolean {
  try {
    const stat = statSync(path)
    return stat.isFile() && (stat.mode & 0o111) !== 0
  } catch {
    return false
  }
}
