/**
 * The driver's libraries by what they are: files that carry the driver's version are looked into, their capability comes from the
 * tables or from who needs them.
 *   for each directory that holds the driver, and its vdpau and tls: names that can be the driver's
 *   and names of the vendor's that one of them needs
 *   each name's ELF header: class, machine, SONAME, NEEDED, ABI note, symbol versions; what is no library of this machine is a finding
 *   of two files of one name and class the first counts, but one for thread-local storage of its own (ABI note 2.3.99) before one
 *   without: old drivers have both, and the other is for kernels that no driver loads into any more
 *   tables give capabilities; then what a library needs gets its capabilities, until nothing changes
 */

import type { AbiNote, ElfDemands, ElfFile } from "../elf/elf.ts"
import { parseElfWithDemands } from "../elf/parse-elf-demands.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { isFile } from "../host/file-at.ts"
import type { RootView } from "../host/root-view.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { isFileName } from "../text/file-name.ts"
import { baseName, parentPath } from "../text/path.ts"
import { compareVersions } from "../text/version.ts"
import type { DriverCapability } from "./capability.ts"
import type { DriverLibrary, FileLink, FileReason } from "./catalogue.ts"
import { librariesBeyond, librariesOf, unversionedBeginnings, unversionedLibrary } from "./files.ts"
import type { LibraryPlaces } from "./find-directories.ts"

interface Found {
  readonly rootPath: HostPath
  readonly elf: ElfFile & ElfDemands
  readonly links: readonly FileLink[]
}

/** Below a directory of libraries; the empty one is the directory itself. */
export const subdirectories: readonly string[] = ["", "/tls", "/vdpau"]

/** Order: as in the tables, then by path; 64 bits before 32. */
export function observeLibraries(
  view: RootView,
  { directories, besides }: Pick<LibraryPlaces, "directories" | "besides">,
  version: string,
  findings: Finding[],
): readonly DriverLibrary[] {
  const found = new Map<string, Found>()
  const list = rememberListings(view)
  const searched = new Set<string>()
  const search = (directory: string): void => {
    if (searched.has(directory)) return
    searched.add(directory)
    for (const one of readDirectory(view, directory, version, list, findings)) {
      const key = `${one.elf.bits} ${baseName(one.rootPath)}`
      const other = found.get(key)
      if (other === undefined || (hasOwnStorage(one) && !hasOwnStorage(other))) found.set(key, one)
    }
  }
  // A directory may hold links to files that lie elsewhere, beside others.
  for (const directory of directories) for (const below of subdirectories) search(`${directory}${below}`)
  const places = new Set([...found.values()].map(({ rootPath }) => parentPath(rootPath)))
  for (const place of places) for (const below of subdirectories) if (below !== "") search(`${place}${below}`)
  // What belongs to no driver is nobody's GPU's.
  if (found.size > 0) for (const beside of besides) search(beside)
  addNeeded(view, found, [...directories, ...places], list, findings)
  const machine = commonMachine([...found.values()])
  const fitting = [...found.values()].filter(({ rootPath, elf }) => {
    const isFitting = elf.bits === 32 || machine === undefined || elf.machine === machine
    if (!isFitting) complain(findings, view.outside(rootPath), `it is built for ${elf.machine}`)
    return isFitting
  })
  return sortLibraries(assignCapabilities(view, fitting, version, findings), version)
}

/** Every machine with a driver is one of 64 bits. One library of another machine's must not speak for all. */
function commonMachine(found: readonly Found[]): ElfFile["machine"] | undefined {
  const byMachine = Map.groupBy(
    found.filter(({ elf }) => elf.bits === 64),
    ({ elf }) => elf.machine,
  )
  return [...byMachine].sort(([, one], [, other]) => other.length - one.length)[0]?.[0]
}

function readDirectory(
  view: RootView,
  directory: string,
  version: string,
  list: (directory: string) => Listing,
  findings: Finding[],
): readonly Found[] {
  const ending = `.so.${version}`
  return namesWith(list(directory), [ending, ...unversionedBeginnings])
    .filter(
      // Who drops a part of the driver into its directory need not begin the name as the loader has it.
      (name) => name.endsWith(ending) || (name.startsWith("lib") && unversionedLibrary.test(name)),
    )
    .flatMap((name) => readLibrary(view, hostPath(`${directory}/${name}`), list, findings) ?? [])
}

/** undefined: it is no library, which is a finding, or leads to no file. */
function readLibrary(
  view: RootView,
  path: HostPath,
  list: (directory: string) => Listing,
  findings: Finding[],
): Found | undefined {
  const stat = view.lstat(path)
  if (!stat.ok) {
    // What is listed and cannot be asked for has a name that is no text.
    if (path.includes("\ufffd")) complain(findings, view.outside(path), "its name is not UTF-8")
    return undefined
  }
  if (stat.value.kind === "symlink" && !isFile(view, path)) return undefined
  const resolved = stat.value.kind === "symlink" ? view.resolve(path) : { ok: true as const, value: path }
  if (!resolved.ok) return undefined
  const rootPath = resolved.value
  let unread: string | undefined
  const elf = view.readParts(rootPath, (read) =>
    parseElfWithDemands((offsetBytes, lengthBytes) => {
      const bytes = read({ offsetBytes, lengthBytes })
      if (bytes.ok) return bytes.value
      unread = bytes.fault.tag === "HostReadFailed" ? bytes.fault.data.errno : bytes.fault.tag
      return new Uint8Array()
    }),
  )
  if (!elf.ok) {
    const problem = elf.fault.tag === "ElfInvalid" ? elf.fault.data.problem : ""
    complain(findings, view.outside(path), unread === undefined ? problem : `it cannot be read: ${unread}`)
    return undefined
  }
  const listing = list(parentPath(rootPath))
  // Another name would make a link somewhere else.
  const soname = isFileName(elf.value.soname ?? "") ? elf.value.soname : undefined
  const leading = linksTo(rootPath, soname, listing, view)
  // A link of that name which leads to another version is told of with the versions.
  if (
    soname !== undefined &&
    listing.links.has(soname) &&
    !leading.some(({ path: at }) => baseName(at) === soname)
  ) {
    const own = hostPath(`${parentPath(rootPath)}/${soname}`)
    const name = baseName(rootPath)
    if (!isFile(view, own))
      complain(
        findings,
        view.outside(own),
        `the link by which this machine's programs find ${name} leads nowhere`,
      )
  }
  return { rootPath, elf: { ...elf.value, soname }, links: leading }
}

/**
 * Libraries by names that are none of the driver's by themselves, from the first directory that has each: what an administrator wants given
 * beside. Order: as named.
 */
export function observeNamedLibraries(
  view: RootView,
  directories: readonly HostPath[],
  names: readonly string[],
  findings: Finding[],
): readonly DriverLibrary[] {
  const list = rememberListings(view)
  return names.flatMap((name): readonly DriverLibrary[] => {
    const directory = directories.find((one) => view.exists(`${one}/${name}`))
    const found =
      directory === undefined
        ? undefined
        : readLibrary(view, hostPath(`${directory}/${name}`), list, findings)
    if (found === undefined) return []
    const { rootPath, elf } = found
    return [
      {
        path: view.outside(rootPath),
        rootPath,
        soname: elf.soname ?? baseName(rootPath),
        bits: elf.bits,
        machine: elf.machine,
        glibc: newestGlibc(elf),
        capabilities: [],
        reasons: [{ kind: "named" }],
        links: chainTo(view, hostPath(`${directory}/${name}`), rootPath),
      },
    ]
  })
}

/** The link that was named, and those behind it, in the directory of the file. */
function chainTo(view: RootView, named: HostPath, file: HostPath): readonly FileLink[] {
  const links: FileLink[] = []
  for (let at = named; at !== file && links.length < chainLimit; ) {
    const target = view.readLink(at)
    if (!target.ok || target.value.includes("/")) break
    links.push({ path: at, target: target.value })
    at = hostPath(`${parentPath(at)}/${target.value}`)
  }
  return links
}

/** As many links as the kernel follows. */
const chainLimit = 40

/** Names that are the vendor's. What else a library needs is the distribution's, and every image has its own. */
export const vendorName = /^lib(?:.*nvidia|cuda|nv)/

/**
 * What a library of the driver needs and does not carry the driver's version lies beside it, under the name by which it is needed.
 * Of what is nowhere the driver's own version is told of with the capabilities.
 */
function addNeeded(
  view: RootView,
  found: Map<string, Found>,
  directories: readonly string[],
  list: (directory: string) => Listing,
  findings: Finding[],
): void {
  const known = new Set<string>()
  const note = ({ elf, rootPath }: Found): void => {
    for (const name of [baseName(rootPath), elf.soname]) known.add(`${elf.bits} ${name}`)
  }
  for (const one of found.values()) note(one)
  const queue = [...found.values()]
  for (let one = queue.shift(); one !== undefined; one = queue.shift())
    for (const name of one.elf.needed) {
      const key = `${one.elf.bits} ${name}`
      if (!vendorName.test(name) || known.has(key)) continue
      known.add(key)
      const fitting = directories
        .filter((directory) => list(directory).names.includes(name))
        .map((directory) => readLibrary(view, hostPath(`${directory}/${name}`), list, findings))
        .find((other) => other?.elf.bits === one.elf.bits && other.elf.machine === one.elf.machine)
      if (fitting === undefined) continue
      found.set(`${fitting.elf.bits} ${baseName(fitting.rootPath)}`, fitting)
      note(fitting)
      queue.push(fitting)
    }
}

/** Thread-local storage as the kernel and the loader have it since Linux 2.4; the note says `2.3.99`. */
const hasOwnStorage = ({ elf }: Found): boolean =>
  elf.abi !== undefined && compareAbi(elf.abi, [2, 3, 99]) >= 0

function compareAbi({ version }: AbiNote, other: AbiNote["version"]): number {
  const at = version.findIndex((number, index) => number !== other[index])
  return at === -1 ? 0 : (version[at] ?? 0) - (other[at] ?? 0)
}

/** The newest `GLIBC_x.y` that a file asks for; undefined: it asks for none. */
function newestGlibc({ neededVersions }: ElfDemands): string | undefined {
  const numbers = neededVersions
    .flatMap(({ versions }) => versions)
    .flatMap((name) => /^GLIBC_(\d+(?:\.\d+)+)$/.exec(name)?.[1] ?? [])
  return numbers.sort((one, other) => compareVersions(one, other) ?? 0).at(-1)
}

/** One directory, read once, however many libraries lie in it. */
interface Listing {
  readonly names: readonly string[]
  /** The same, one behind the other; no name has a NUL. */
  readonly text: string
  /** Links that may be the driver's. */
  readonly links: ReadonlySet<string>
  /** From a target in the directory to the links that name it. */
  readonly byTarget: ReadonlyMap<string, readonly string[]>
}

function rememberListings(view: RootView): (directory: string) => Listing {
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
function namesWith({ text }: Pick<Listing, "text">, parts: readonly string[]): readonly string[] {
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
 * has it.
 */
function linksTo(
  file: HostPath,
  soname: string | undefined,
  listing: Listing,
  view: RootView,
): readonly FileLink[] {
  const name = baseName(file)
  const targets = new Map<string, string>()
  const reached = [name]
  if (soname !== undefined && soname !== name && !listing.links.has(soname)) reached.push(soname)
  const unread = mayLead.test(name) ? noLinks : usualLinks(file, soname, view)
  // The list grows while it is walked.
  for (const target of reached)
    for (const link of [...(listing.byTarget.get(target) ?? []), ...(unread.get(target) ?? [])])
      if (link !== name && !targets.has(link)) {
        targets.set(link, target)
        reached.push(link)
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

const complain = (findings: Finding[], path: HostPath, problem: string): void => {
  findings.push({
    severity: "warning",
    fault: fault("DriverFileUnusable", { path, problem }),
    evidence: [`${path}: ${problem}`],
  })
}

/** `libnvidia-egl-gbm.so.1.1.1` → `libnvidia-egl-gbm`. */
export const stemOf = (path: string): string => baseName(path).replace(/\.so\..*$/, "")

const tables = [
  ["table", librariesOf],
  ["beyond", librariesBeyond],
] as const

/** Stem → the tables that name it. */
const namedBy: ReadonlyMap<string, readonly FileReason[]> = (() => {
  const named = new Map<string, FileReason[]>()
  for (const [kind, table] of tables)
    for (const [capability, stems] of Object.entries(table))
      for (const stem of stems)
        named.set(stem, [...(named.get(stem) ?? []), { kind, capability: capability as DriverCapability }])
  return named
})()
/** Stem → its place in the tables. */
const places: ReadonlyMap<string, number> = new Map([...namedBy.keys()].map((stem, place) => [stem, place]))

function assignCapabilities(
  view: RootView,
  found: readonly Found[],
  version: string,
  findings: Finding[],
): readonly DriverLibrary[] {
  const byName = new Map<string, Found>()
  for (const one of found)
    for (const name of [baseName(one.rootPath), one.elf.soname ?? ""])
      byName.set(`${one.elf.bits} ${name}`, one)
  const capabilities = new Map<Found, Set<DriverCapability>>()
  const needs = new Map<Found, Set<HostPath>>()
  const queue: Found[] = []
  for (const one of found) {
    const named = namedBy.get(stemOf(one.rootPath)) ?? []
    capabilities.set(
      one,
      new Set(named.flatMap((reason) => ("capability" in reason ? [reason.capability] : []))),
    )
    needs.set(one, new Set())
    queue.push(one)
  }
  for (const one of found)
    for (const name of one.elf.needed)
      if (
        !byName.has(`${one.elf.bits} ${name}`) &&
        (name.endsWith(`.so.${version}`) || (vendorName.test(name) && one.rootPath.endsWith(version)))
      )
        findings.push({
          severity: "warning",
          fault: fault("DriverLibraryNeeded", { path: view.outside(one.rootPath), needs: name }),
          evidence: [`${view.outside(one.rootPath)}: NEEDED ${name}`],
        })
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    const has = capabilities.get(one) ?? new Set()
    for (const name of one.elf.needed) {
      const needed = byName.get(`${one.elf.bits} ${name}`)
      if (needed === undefined || needed === one) continue
      needs.get(needed)?.add(view.outside(one.rootPath))
      const gains = capabilities.get(needed)
      const before = gains?.size ?? 0
      for (const capability of has) gains?.add(capability)
      if ((gains?.size ?? 0) > before) queue.push(needed)
    }
  }
  return found.map((one): DriverLibrary => {
    const named = namedBy.get(stemOf(one.rootPath)) ?? []
    const by = [...(needs.get(one) ?? [])].sort()
    const reasons: readonly FileReason[] = [
      ...named,
      ...by.map((path) => ({ kind: "needed", by: path }) as const),
    ]
    const path = view.outside(one.rootPath)
    if (reasons.length === 0)
      findings.push({
        severity: "note",
        fault: fault("DriverLibraryUnknown", { path }),
        evidence: [`${path}: in no table, needed by none`],
      })
    return {
      path,
      rootPath: one.rootPath,
      soname: one.elf.soname ?? baseName(one.rootPath),
      bits: one.elf.bits,
      machine: one.elf.machine,
      glibc: newestGlibc(one.elf),
      capabilities: [...(capabilities.get(one) ?? [])].sort(),
      reasons: reasons.length === 0 ? [{ kind: "version" }] : reasons,
      links: one.links,
    }
  })
}

function sortLibraries(libraries: readonly DriverLibrary[], version: string): readonly DriverLibrary[] {
  return libraries
    .map((library) => ({
      library,
      path: library.path,
      bits: library.bits,
      place: places.get(stemOf(library.rootPath)) ?? places.size,
      rank: library.path.endsWith(version) ? 0 : 1,
    }))
    .sort(
      (one, other) =>
        other.bits - one.bits ||
        one.place - other.place ||
        one.rank - other.rank ||
        (one.path < other.path ? -1 : 1),
    )
    .map(({ library }) => library)
}
