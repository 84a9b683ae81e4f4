/**
 * Where libraries may lie inside a driver root: the loader's cache, the loader's configuration, then the usual places. A distribution may put parts
 * of one driver into several of them.
 */

import type { Finding } from "../fault/finding.ts"
import { noteLooks } from "../host/note-looks.ts"
import type { RootView } from "../host/root-view.ts"
import { expandGlob, type GlobBudget } from "../ldcache/glob.ts"
import { observeLdSoConf } from "../ldcache/observe-ld-so-conf.ts"
import { createWalkBudget } from "../ldcache/walk-budget.ts"
import type { HostPath } from "../text/brand.ts"
import { parentPath } from "../text/path.ts"
import { directoriesInCache, directoryLimit, noDirectories } from "./directories-in-cache.ts"
import { unversionedLibrary } from "./files.ts"
import { usualDirectories } from "./usual-directories.ts"

/** Caches of 100,000 libraries are smaller. Units: bytes. */
const cacheLimit = 16 * 1024 * 1024

/** One of these is in nearly every directory that holds a part of the driver. To ask for them is less than to read one of thousands. */
const tellingStems = [
  "libcuda",
  "libnvidia-ml",
  "libnvidia-glcore",
  "libnvidia-eglcore",
  "libnvidia-tls",
  "libGLX_nvidia",
]

export interface LibraryPlaces {
  /** Directories that hold a file of this version, links resolved. Order: of search. */
  readonly directories: readonly HostPath[]
  /** Hold libraries that belong to the driver and do not carry its version: packages of their own, which lie where others do. */
  readonly besides: readonly HostPath[]
  /** Directories that were looked into, whatever they hold, links not resolved. Order: of search. */
  readonly candidates: readonly string[]
  /** Everything that was asked about, links not resolved. */
  readonly searched: readonly string[]
  /** Names found of the driver's libraries with another version. */
  readonly otherVersions: readonly string[]
  /** What is wrong with the loader's configuration. */
  readonly findings: readonly Finding[]
}

export interface LibrarySearch {
  readonly version: string
  /** Inside the driver root. */
  readonly ldcache: string
  /** Searched before all others; may be patterns. */
  readonly searchPaths: readonly string[]
  /** Nothing else is searched. */
  readonly areExclusive?: boolean
}

/**
 * Candidates are the named directories, then those of the loader's cache and configuration, then the usual ones. One holds the driver if the cache
 * says so, or a file that tells is there; only named and usual ones are read for more.
 */
export function findLibraryPlaces(view: RootView, search: LibrarySearch): LibraryPlaces {
  const cache = view.readFile(search.ldcache, { offsetBytes: 0, lengthBytes: cacheLimit })
  const isWide = search.areExclusive !== true
  const cached = cache.ok && isWide ? directoriesInCache(cache.value, search.version) : noDirectories
  const configuration = isWide ? observeLdSoConf(view, "/etc/ld.so.conf") : noConfiguration
  const { named, looked } = namedDirectories(view, search)
  const usual = new Set(isWide ? usualDirectories(view) : [])
  const others = [...cached.holding, ...cached.hinted, ...configuration.directories, ...usual]
  // A pattern may fit more than there is room for.
  const candidates = [...[...named].slice(0, directoryLimit), ...others.slice(0, directoryLimit)]
  const searched = new Set<string>([
    search.ldcache,
    ...configuration.files,
    ...configuration.patternDirectories,
  ])
  const { driver, beside, versions } = searchCandidates(view, candidates, searched, {
    version: search.version,
    holding: cached.holding,
    named,
    usual,
  })
  for (const candidate of cached.beside) {
    const resolved = view.resolve(candidate)
    if (resolved.ok) beside.add(resolved.value)
    searched.add(candidate)
  }
  return {
    directories: [...driver],
    besides: [...beside].filter((directory) => !driver.has(directory)),
    candidates,
    searched: [...new Set([...searched, ...looked])],
    otherVersions: [...versions].filter((version) => version !== search.version),
    findings: configuration.findings,
  }
}

/** By what it is decided whether a directory holds a part of the driver. */
interface Clues {
  readonly version: string
  /** As the loader's cache says. */
  readonly holding: ReadonlySet<string>
  readonly named: ReadonlySet<string>
  readonly usual: ReadonlySet<string>
}

interface HoldingDirectories {
  /** With libraries of the version, links resolved. */
  readonly driver: Set<HostPath>
  /** With libraries of the driver's that have a version of their own, links resolved. */
  readonly beside: Set<HostPath>
  /** To which the driver's main libraries lead. */
  readonly versions: ReadonlySet<string>
}

/** `searched`: what was asked about already is not asked about again, and grows. */
function searchCandidates(
  view: RootView,
  candidates: readonly string[],
  searched: Set<string>,
  clues: Clues,
): HoldingDirectories {
  const held = { driver: new Set<HostPath>(), beside: new Set<HostPath>() }
  const versions = new Set<string>()
  const absent = new Set<string>()
  for (const candidate of candidates) {
    // What would lie in a place that is not there needs no look of its own.
    if (searched.has(candidate) || absent.has(parentPath(candidate))) continue
    searched.add(candidate)
    const resolved = view.resolve(candidate)
    if (!resolved.ok || !view.lstat(resolved.value).ok) {
      absent.add(candidate)
      continue
    }
    if (held.driver.has(resolved.value)) continue
    const part = partOf(view, candidate, resolved.value, clues)
    if (part !== undefined) held[part].add(resolved.value)
    for (const version of versionsIn(view, resolved.value)) versions.add(version)
  }
  return { driver: held.driver, beside: held.beside, versions }
}

type Part = "driver" | "beside"

/** What a directory holds; undefined: nothing of the driver, as far as it was looked. `directory`: the candidate without links. */
function partOf(
  view: RootView,
  candidate: string,
  directory: HostPath,
  { version, holding, named, usual }: Clues,
): Part | undefined {
  if (holding.has(candidate) || hasTelling(view, directory, version)) return "driver"
  // Of a version that is none no file is.
  const isRead = /^\d/.test(version) && (named.has(candidate) || usual.has(candidate))
  return isRead ? partIn(view, directory, version, named.has(candidate)) : undefined
}

const noConfiguration = { directories: [], files: [], patternDirectories: [], findings: [] }

/** `looked`: where something else can come to fit a pattern. */
function namedDirectories(
  view: RootView,
  { searchPaths }: LibrarySearch,
): { readonly named: ReadonlySet<string>; readonly looked: ReadonlySet<string> } {
  const budget: GlobBudget = { directories: 1024, walk: createWalkBudget() }
  const looked = new Set<string>()
  const noting = noteLooks(view, (path) => looked.add(path))
  return { named: new Set(searchPaths.flatMap((path) => expandGlob(noting, path, budget))), looked }
}

const hasTelling = (view: RootView, directory: string, version: string): boolean =>
  tellingStems.some((stem) => view.exists(`${directory}/${stem}.so.${version}`))

/** Of a directory that is read. `driver`: libraries of this version, `beside`: of the driver's, that have a version of their own. */
function partIn(view: RootView, directory: string, version: string, isNamed: boolean): Part | undefined {
  const listed = view.readDir(directory)
  const names = listed.ok ? listed.value : []
  const ending = `.so.${version}`
  // In a named place whatever has the driver's version is the driver's.
  if (names.some((name) => name.endsWith(ending) && (isNamed || name.startsWith("lib")))) return "driver"
  return names.some((name) => unversionedLibrary.test(name)) ? "beside" : undefined
}

/** Versions of the driver's two main libraries in a directory, by their links: what the host's own programs load. */
function versionsIn(view: RootView, directory: string): readonly string[] {
  return ["libcuda.so.1", "libnvidia-ml.so.1"].flatMap((name) => {
    const target = view.readLink(`${directory}/${name}`)
    const version = target.ok ? /\.so\.(\d{3,}\.[\d.]+)$/.exec(target.value)?.[1] : undefined
    return version === undefined ? [] : [version]
  })
}

/** The version of the user-space driver, when no kernel module tells one. */
export function findUserSpaceVersion(view: RootView, ldcache: string): string | undefined {
  return findLibraryPlaces(view, { version: "none", ldcache, searchPaths: [] }).otherVersions[0]
}
