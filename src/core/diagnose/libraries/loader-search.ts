/**
 * Where loaders of containers look for libraries: their own directories, whatever the distribution, and those that a specification tells of. A
 * library elsewhere is there and found by nobody. Source: ld.so(8), musl's and distributions' default paths; facts, toolkit §5.3.
 */

import { foldersOf, linksInHook } from "../../cdi/edits/hook-arguments.ts"
import { allEdits, type Hook } from "../../cdi/spec.ts"
import { baseName, cleanPath, parentPath } from "../../text/path.ts"
import type { Use } from "../cdi-subject.ts"
import { createReach, type Owner, type Reach } from "./reach.ts"

/** `unlinked`: nothing has the name. `unsearched`: something has, and no loader looks there. */
export type LoaderSight = "found" | "unlinked" | "unsearched"

export interface LoaderSearch {
  /** `place`: where the library lies, in the container. */
  find(owner: Owner, place: string, soname: string): LoaderSight
}

export function createLoaderSearch(hooks: readonly Use<Hook>[]): LoaderSearch {
  const folders = createReach()
  const linked = createReach()
  const namesOf = new Map<string, readonly string[]>()
  for (const use of hooks) {
    for (const folder of foldersOf(use.item)) folders.add(use, withoutUsr(folder))
    for (const { target, path } of linksInHook(use.item)) {
      const link = withoutUsr(path)
      const end = withoutUsr(target.startsWith("/") ? target : `${parentPath(cleanPath(path))}/${target}`)
      namesOf.set(end, [...(namesOf.get(end) ?? []), link])
      linked.add(use, `${link} ${end}`)
    }
  }
  return {
    find(owner, place, soname) {
      const own = withoutUsr(place)
      // There ldconfig makes the link.
      if (folders.has(owner, parentPath(own))) return "found"
      const called = withLinks(owner, own, { namesOf, linked }).filter((path) => baseName(path) === soname)
      if (called.length === 0) return "unlinked"
      const isSearched = called.some((path) => {
        const directory = parentPath(path)
        return loaderDirectory.test(directory) || ofPlugins.test(directory) || folders.has(owner, directory)
      })
      return isSearched || saysOtherwise(owner) ? "found" : "unsearched"
    },
  }
}

/** The place, and every link that leads to it. */
function withLinks(
  owner: Owner,
  place: string,
  { namesOf, linked }: { readonly namesOf: ReadonlyMap<string, readonly string[]>; readonly linked: Reach },
): readonly string[] {
  const all = new Set([place])
  // What is added on the way is looked at too.
  for (const end of all)
    for (const link of namesOf.get(end) ?? []) if (linked.has(owner, `${link} ${end}`)) all.add(link)
  return [...all]
}

/** One name for a place in /usr/lib and in /lib, and clean: in images the latter is mostly a link to the former. */
export const withoutUsr = (path: string): string => cleanPath(path).replace(/^\/usr(?=\/)/, "")

/** glibc's and musl's own, of every distribution; below them those of better processors. */
const loaderDirectory =
  /^(?:\/local)?\/lib(?:32|64|x32)?(?:\/[^/]+-linux-(?:gnu|musl)[^/]*)?(?:\/(?:glibc-hwcaps|tls)\/.*)?$/

/** Programs open what lies there by its path. */
const ofPlugins = /\/(?:vdpau|gbm|dri|xorg|modules)(?:\/|$)/

/** A specification may tell loaders by other ways. */
const saysOtherwise = ({ source }: Owner): boolean =>
  allEdits(source.spec).some(
    ({ env, mounts }) =>
      env.some((entry) => entry.startsWith("LD_LIBRARY_PATH=")) ||
      mounts.some(({ containerPath }) => /^\/etc\/ld\b/.test(cleanPath(containerPath))),
  )
