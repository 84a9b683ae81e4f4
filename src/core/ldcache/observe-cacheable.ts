/**
 * What ldconfig would put into a tree's cache: the libraries of the configuration's directories and the trusted ones, and of their
 * subdirectories for better processors. Only heads of files are read, nothing is written.
 *   each directory once, under the first name that leads to it; then its glibc-hwcaps subdirectories
 *   then subdirectories named after processors, and those within them, in the order in which they were met
 *   a directory is in the cache whole or, when the walk ended before it was seen whole, not at all
 *   subdirectories of glibc-hwcaps that hold a library are numbered by their names, in the order of their bytes; no links are made in
 *   them, and their paths are those of the files, not of the names
 * Source: observed on ldconfig of glibc 2.36. System versions are 0 since then.
 */

import type { Finding } from "../fault/finding.ts"
import { hwcapExtensionBit, type Ldcache, type LdcacheEntry } from "./ldcache.ts"
import { type LdconfigRules, processorSubdirectories } from "./ldconfig-rules.ts"
import type { LibraryTree } from "./library-tree.ts"
import { observeLdSoConf } from "./observe-ld-so-conf.ts"
import { type DirectoryLibrary, observeLibraryDirectory } from "./observe-library-directory.ts"
import { createWalkBudget, limitReached, type WalkBudget } from "./walk-budget.ts"

export interface Cacheable {
  readonly entries: readonly LdcacheEntry[]
  readonly hwcapNames: Ldcache["hwcapNames"]
  /** Subdirectories of glibc-hwcaps without a library of their own: ldconfig writes these names too, for nobody. */
  readonly idleHwcapNames: readonly string[]
  /** Links that ldconfig would make, because a path in the cache does not lead to its library yet. */
  readonly links: readonly { readonly path: string; readonly target: string }[]
  /** Order: as observed. No more than a thousand, and one when the walk ended before the tree did. */
  readonly findings: readonly Finding[]
}

interface Place {
  readonly path: string
  /** Empty: none. */
  readonly hwcapName: string
  readonly hwcap: bigint
}

interface Found {
  readonly place: Place
  readonly library: DirectoryLibrary
  readonly links: Cacheable["links"]
}

const findingLimit = 1000

export function observeCacheable(
  tree: LibraryTree,
  rules: LdconfigRules,
  walk: WalkBudget = createWalkBudget(),
): Cacheable {
  const configuration = observeLdSoConf(tree, "/etc/ld.so.conf", walk)
  const isToldAlready = walk.isSpent()
  const findings: Finding[] = [...configuration.findings]
  const complain = (finding: Finding): void => {
    if (findings.length < findingLimit && !walk.isSpent()) findings.push(finding)
  }
  const found: Found[] = []
  let unseen: string | undefined
  const processorPlaces: Place[] = []
  const visit = (place: Place): void => {
    const role = place.hwcapName === "" ? "plain" : "hwcaps"
    const observed = observeLibraryDirectory(tree, fromRoot(place.path), role, rules, complain)
    const seen = observed.libraries.map((library) => ({
      place,
      library,
      links: missingLink(tree, place, library),
    }))
    // What is written of a library, and then sorted.
    for (const { library } of seen) walk.spend(4 * (place.path.length + 2 * library.soname.length))
    if (walk.isSpent()) {
      unseen ??= place.path
      return
    }
    for (const one of seen) found.push(one)
    for (const name of rules.hasProcessorSubdirectories ? observed.subdirectories : []) {
      const path = `${place.path}/${name}`
      const hwcap = place.hwcap | (processorSubdirectories.get(name) ?? 0n)
      if (hwcap !== place.hwcap && claim(path)) processorPlaces.push({ path, hwcapName: "", hwcap })
    }
  }
  const places = new Set<string>()
  /** True for a directory to which no name has led before. */
  const claim = (path: string): boolean => {
    const resolved = tree.resolve(fromRoot(path))
    if (!resolved.ok || places.has(resolved.value)) return false
    const stat = tree.lstat(resolved.value)
    if (!stat.ok || stat.value.kind !== "directory") return false
    places.add(resolved.value)
    return true
  }
  const allHwcapNames = new Set<string>()
  const hwcapDirectories = new Set<string>()
  /** Of a directory that any number of links may lead to: under another name it has nothing new. */
  const readHwcapNamesOnce = (directory: string): readonly string[] => {
    const resolved = tree.resolve(`${directory}/glibc-hwcaps`)
    if (!resolved.ok || hwcapDirectories.has(resolved.value)) return []
    hwcapDirectories.add(resolved.value)
    return readHwcapNames(tree, resolved.value)
  }
  const searched: Place[] = []
  for (const path of [...configuration.directories, ...rules.trustedDirectories]) {
    if (!claim(path)) continue
    searched.push({ path, hwcapName: "", hwcap: 0n })
    for (const hwcapName of readHwcapNamesOnce(fromRoot(path))) {
      const place = { path: `${path}/glibc-hwcaps/${hwcapName}`, hwcapName, hwcap: 0n }
      allHwcapNames.add(hwcapName)
      if (claim(place.path)) searched.push(place)
    }
  }
  for (const place of searched) visit(place)
  for (let index = 0; index < processorPlaces.length; index++) {
    const place = processorPlaces[index]
    if (place !== undefined) visit(place)
  }
  const used = new Set(found.map(({ place }) => place.hwcapName))
  const hwcapNames = [...allHwcapNames].filter((name) => used.has(name)).sort()
  const numbers = new Map(hwcapNames.map((name, number) => [name, number]))
  if (walk.isSpent() && !isToldAlready) findings.push(limitReached(unseen ?? "/", "E2BIG", "search"))
  return {
    entries: found.map((one) => entryOf(one, numbers)),
    hwcapNames,
    idleHwcapNames: [...allHwcapNames].filter((name) => !used.has(name)),
    links: found.flatMap(({ links }) => links),
    findings,
  }
}

/** A relative directory of the configuration stands so in the cache, and means one below the root. */
const fromRoot = (path: string): string => (path.startsWith("/") ? path : `/${path}`)

/** Names that lead to directories. Order: those that are no links first, by code point. */
function readHwcapNames(tree: LibraryTree, directory: string): readonly string[] {
  const names = tree.readDir(directory)
  if (!names.ok) return []
  const linked: string[] = []
  const own = names.value.filter((name) => {
    const path = `${directory}/${name}`
    const stat = name.startsWith(".") ? undefined : tree.lstat(path)
    if (stat?.ok !== true) return false
    if (stat.value.kind !== "symlink") return stat.value.kind === "directory"
    const resolved = tree.resolve(path)
    const target = resolved.ok ? tree.lstat(resolved.value) : resolved
    if (target.ok && target.value.kind === "directory") linked.push(name)
    return false
  })
  return [...own, ...linked]
}

function entryOf({ place, library }: Found, hwcapNumbers: ReadonlyMap<string, number>): LdcacheEntry {
  const { soname, name, head } = library
  const isNumbered = place.hwcapName !== ""
  const hwcap = !isNumbered
    ? place.hwcap
    : hwcapExtensionBit | (BigInt(head.isaLevel) << 32n) | BigInt(hwcapNumbers.get(place.hwcapName) ?? 0)
  return {
    soname,
    path: `${place.path}/${isNumbered ? name : soname}`,
    flags: head.flags,
    osVersion: 0,
    hwcap,
  }
}

/** None over a regular file: ldconfig leaves that too. */
function missingLink(
  tree: LibraryTree,
  place: Place,
  { soname, name }: DirectoryLibrary,
): Cacheable["links"] {
  if (soname === name || soname.includes("/") || place.hwcapName !== "") return []
  const path = `${fromRoot(place.path)}/${soname}`
  const stat = tree.lstat(path)
  if (stat.ok && stat.value.kind !== "symlink") return []
  const leads = stat.ok ? tree.resolve(path) : stat
  const wanted = tree.resolve(`${fromRoot(place.path)}/${name}`)
  return leads.ok && wanted.ok && leads.value === wanted.value ? [] : [{ path, target: name }]
}
