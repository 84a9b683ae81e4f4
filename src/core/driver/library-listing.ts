/** Directories of libraries, each read once: its names, and which links in it lead to a file. */

import type { RootView } from "../host/root-view.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import type { FileLink } from "./catalogue.ts"
import { stemOf } from "./library-name.ts"

/** One directory, read once, however many libraries lie in it. */
export interface Listing {
  readonly names: readonly string[]
  /** The same, one behind the other; no name has a NUL. */
  readonly text: string
  /** Links that may be the driver's. */
  readonly links: ReadonlySet<string>
  /** From a target in the directory to the links that name it. */
  readonly byTarget: ReadonlyMap<string, readonly string[]>
}

export function rememberListings(view: RootView): (directory: string) => Listing {
  const known = new Map<string, Listing>()
  return (directory) => {
    const listing = known.get(directory) ?? readListing(view, directory)
    known.set(directory, listing)
    return listing
  }
}

const mayLead = /^lib(?:cuda|nv|GLX_indirect)|nvidia/
/** Each name that may lead has one of them. */
const leadingParts = ["libcuda", "libnv", "libGLX_indirect", "nvidia"]

/** Those that have one of the parts: most have none, and to ask each of thousands is felt. Order: as listed. */
export function namesWith({ text }: Pick<Listing, "text">, parts: readonly string[]): readonly string[] {
  const ends = new Map<number, number>()
  for (const part of parts)
    for (let at = text.indexOf(part); at !== -1; ) {
      const end = text.indexOf("\0", at)
      ends.set(text.lastIndexOf("\0", at) + 1, end)
      at = text.indexOf(part, end)
    }
  return [...ends].sort(([one], [other]) => one - other).map(([start, end]) => text.slice(start, end))
}

function readListing(view: RootView, directory: string): Listing {
  const listed = view.readDir(directory)
  const names = listed.ok ? listed.value : []
  const text = `${names.join("\0")}\0`
  const links = new Set<string>()
  const byTarget = new Map<string, string[]>()
  for (const name of namesWith({ text }, leadingParts)) {
    // A link to a library of the driver is named after it.
    if (!name.startsWith("lib") || !mayLead.test(name)) continue
    const target = view.readLink(`${directory}/${name}`)
    if (!target.ok) continue
    links.add(name)
    if (target.value.includes("/") && parentPath(target.value) !== directory) continue
    const aim = baseName(target.value)
    const others = byTarget.get(aim)
    if (others === undefined) byTarget.set(aim, [name])
    else others.push(name)
  }
  return { names, text, links, byTarget }
}

/**
 * Links of a file's directory that lead to it, over any number of steps; also over that of its SONAME where that is not there, for a container
 * has it, and over the one that it was found by, whatever others it leads over: those may have names that are not the vendor's.
 */
export function linksTo(
  file: HostPath,
  { found, soname }: { readonly found: string; readonly soname: string | undefined },
  listing: Listing,
  view: RootView,
): readonly FileLink[] {
  const name = baseName(file)
  const targets = new Map<string, string>()
  const reached = [name]
  if (soname !== undefined && soname !== name && !listing.links.has(soname)) reached.push(soname)
  const unread = mayLead.test(name) ? noLinks : usualLinks(file, soname, view)
  const follow = (link: string, target: string): void => {
    if (link === name || targets.has(link)) return
    targets.set(link, target)
    reached.push(link)
  }
  const walk = (): void => {
    // The list grows while it is walked.
    for (const target of reached)
      for (const link of [...(listing.byTarget.get(target) ?? []), ...(unread.get(target) ?? [])])
        follow(link, target)
  }
  walk()
  if (parentPath(found) === parentPath(file) && !targets.has(baseName(found))) {
    follow(baseName(found), name)
    walk()
  }
  return [...targets]
    .map(([link, target]) => ({ path: hostPath(`${parentPath(file)}/${link}`), target }))
    .sort((one, other) => (one.path < other.path ? -1 : 1))
}

const noLinks: ReadonlyMap<string, readonly string[]> = new Map()

/** By target: links of a library that is not named as the vendor's are, and that no listing has therefore. */
function usualLinks(
  file: HostPath,
  soname: string | undefined,
  view: RootView,
): ReadonlyMap<string, readonly string[]> {
  const names = new Set([`${stemOf(file)}.so`, soname ?? ""])
  return Map.groupBy(
    [...names].filter((link) => link !== "" && link !== baseName(file)),
    (link) => {
      const target = view.readLink(`${parentPath(file)}/${link}`)
      return target.ok ? target.value : ""
    },
  )
}
