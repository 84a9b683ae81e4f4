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

import type { AbiNote, ElfFile } from "../elf/elf.ts"
import type { Finding } from "../fault/finding.ts"
import type { RootView } from "../host/root-view.ts"
import { hostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import { assignCapabilities, sortLibraries } from "./assign-capabilities.ts"
import type { DriverLibrary } from "./catalogue.ts"
import { unversionedBeginnings, unversionedLibrary } from "./files.ts"
import type { LibraryPlaces } from "./find-directories.ts"
import { type Listing, namesWith, rememberListings } from "./library-listing.ts"
import { vendorName } from "./library-name.ts"
import { complain, type FoundLibrary, readLibrary } from "./read-library.ts"

/** Below a directory of libraries; the empty one is the directory itself. */
export const subdirectories: readonly string[] = ["", "/tls", "/vdpau"]

/** Order: as in the tables, then by path; 64 bits before 32. */
export function observeLibraries(
  view: RootView,
  { directories, besides }: Pick<LibraryPlaces, "directories" | "besides">,
  version: string,
  findings: Finding[],
): readonly DriverLibrary[] {
  const found = new Map<string, FoundLibrary>()
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
  const searchBelow = (directory: string): void => {
    for (const below of subdirectories) if (below !== "") search(`${directory}${below}`)
  }
  const placesFound = () => new Set([...found.values()].map(({ rootPath }) => parentPath(rootPath)))
  for (const directory of directories) {
    search(directory)
    // A directory may hold links to files that lie elsewhere, beside others, and a link to the directory of those.
    for (const place of placesFound()) searchBelow(place)
    searchBelow(directory)
  }
  const places = placesFound()
  for (const place of places) searchBelow(place)
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
function commonMachine(found: readonly FoundLibrary[]): ElfFile["machine"] | undefined {
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
): readonly FoundLibrary[] {
  const ending = `.so.${version}`
  return namesWith(list(directory), [ending, ...unversionedBeginnings])
    .filter(
      // Who drops a part of the driver into its directory need not begin the name as the loader has it.
      (name) => name.endsWith(ending) || (name.startsWith("lib") && unversionedLibrary.test(name)),
    )
    .flatMap((name) => readLibrary(view, hostPath(`${directory}/${name}`), list, findings) ?? [])
}

/**
 * What a library of the driver needs and does not carry the driver's version lies beside it, under the name by which it is needed.
 * Of what is nowhere the driver's own version is told of with the capabilities.
 */
function addNeeded(
  view: RootView,
  found: Map<string, FoundLibrary>,
  directories: readonly string[],
  list: (directory: string) => Listing,
  findings: Finding[],
): void {
  const known = new Set<string>()
  const note = ({ elf, rootPath }: FoundLibrary): void => {
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
const hasOwnStorage = ({ elf }: FoundLibrary): boolean =>
  elf.abi !== undefined && compareAbi(elf.abi, [2, 3, 99]) >= 0

function compareAbi({ version }: AbiNote, other: AbiNote["version"]): number {
  const at = version.findIndex((number, index) => number !== other[index])
  return at === -1 ? 0 : (version[at] ?? 0) - (other[at] ?? 0)
}
