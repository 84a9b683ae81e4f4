/**
 * Where a low-level runtime lies: PATH, then the usual directories, as the reference looks for it. The launcher looks the same way
 * (src/launcher/find-runtime.c).
 */

import { realpathSync, statSync } from "node:fs"
import { baseName } from "../core/text/path.ts"

const usualDirectories = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** By such a name a wrapper finds itself, or another's. */
export const isWrapperName = (candidate: string): boolean =>
  baseName(candidate).startsWith("nvidia-container-runtime")

/** Never this wrapper itself, which would not end. */
export function findRuntime(candidates: readonly string[], path: string): string | undefined {
  const mayBecome = (place: string): boolean =>
    isExecutable(place) && (!isWrapperName(place) || isAnothers(place))
  for (const candidate of candidates) {
    const found = programPlaces(candidate, path).find(mayBecome)
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
