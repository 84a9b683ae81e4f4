/**
 * Where libraries may lie inside a driver root: the loader's cache, the loader's configuration, then the usual places. No list of
 * distributions: multiarch directories are found by their form. A distribution may put parts of one driver into several of them.
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

/** Base directories of libraries; each is looked at itself, and its multiarch and vendor subdirectories. */
const baseDirectories = [
  "/usr/lib64",
  "/usr/lib",
  "/usr/lib32",
  "/lib64",
  "/lib",
  "/lib32",
  "/usr/local/lib64",
  "/usr/local/lib",
  "/usr/local/nvidia/lib64",
  "/usr/local/nvidia/lib",
  "/run/opengl-driver/lib",
  "/run/opengl-driver-32/lib",
  "/usr/lib/wsl/lib",
]
/** Those that have one directory for each kind of machine below them, where a distribution does that. */
const multiarchBases = ["/usr/lib", "/lib"]
const multiarch = /^(x86_64|aarch64|i386|i686|arm)-linux-gnu\w*$/
const vendorDirectories = ["nvidia", "nvidia/current"]
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
  const directories = new Set<HostPath>()
  const besides = new Set<HostPath>()
  const searched = new Set<string>([
    search.ldcache,
    ...configuration.files,
    ...configuration.patternDirectories,
  ])
  // Of a version that is none no file is.
  const hasFiles = /^\d/.test(search.version)
  const absent = new Set<string>()
  const versions = new Set<string>()
  for (const candidate of candidates) {
    // What would lie in a place that is not there needs no look of its own.
    if (searched.has(candidate) || absent.has(parentPath(candidate))) continue
    searched.add(candidate)
    const resolved = view.resolve(candidate)
    if (!resolved.ok || !view.lstat(resolved.value).ok) {
      absent.add(candidate)
      continue
    }
    if (directories.has(resolved.value)) continue
    if (cached.holding.has(candidate) || hasTelling(view, resolved.value, search.version))
      directories.add(resolved.value)
    else if (hasFiles && (named.has(candidate) || usual.has(candidate))) {
      const part = partIn(view, resolved.value, search.version, named.has(candidate))
      if (part !== undefined) (part === "driver" ? directories : besides).add(resolved.value)
    }
    for (const version of versionsIn(view, resolved.value)) versions.add(version)
  }
  for (const candidate of cached.beside) {
    const resolved = view.resolve(candidate)
    if (resolved.ok) besides.add(resolved.value)
    searched.add(candidate)
  }
  return {
    directories: [...directories],
    besides: [...besides].filter((directory) => !directories.has(directory)),
    candidates,
    searched: [...new Set([...searched, ...looked])],
    otherVersions: [...versions].filter((version) => version !== search.version),
    findings: configuration.findings,
  }
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
function partIn(
  view: RootView,
  directory: string,
  version: string,
  isNamed: boolean,
): "driver" | "beside" | undefined {
  const listed = view.readDir(directory)
  const names = listed.ok ? listed.value : []
  const ending = `.so.${version}`
  // In a named place whatever has the driver's version is the driver's.
  if (names.some((name) => name.endsWith(ending) && (isNamed || name.startsWith("lib")))) return "driver"
  return names.some((name) => unversionedLibrary.test(name)) ? "beside" : undefined
}

function usualDirectories(view: RootView): readonly string[] {
  return baseDirectories.flatMap((base) => {
    const names = multiarchBases.includes(base) ? view.readDir(base) : undefined
    const archs = names?.ok === true ? names.value.filter((name) => multiarch.test(name)) : []
    return [base, ...archs.map((name) => `${base}/${name}`)].flatMap((directory) => [
      directory,
      ...vendorDirectories.map((name) => `${directory}/${name}`),
    ])
  })
}

/** Where the reference looks first. */
const firstPlaces = [
  /^\/usr\/lib64$/,
  /^\/usr\/lib\/[^/]+-linux-gnu$/,
  /^\/usr\/lib\/[^/]+-linux-gnu\/nvidia\/current$/,
  /^\/lib64$/,
  /^\/lib\/[^/]+-linux-gnu(?:\/nvidia\/current)?$/,
]

/** As the reference names them to containers; what it does not know comes last. */
export function inUsualOrder(directories: readonly HostPath[]): readonly HostPath[] {
  const rank = (directory: string): number => {
    const place = firstPlaces.findIndex((one) => one.test(directory))
    return place === -1 ? firstPlaces.length : place
  }
  return directories.toSorted((one, other) => rank(one) - rank(other))
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
