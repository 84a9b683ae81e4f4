/** Which driver capabilities a library serves: by the tables, and by what needs it. */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { RootView } from "../host/root-view.ts"
import { baseName } from "../text/path.ts"
import type { DriverCapability } from "./capability.ts"
import type { DriverLibrary, FileReason } from "./catalogue.ts"
import { librariesBeyond, librariesOf } from "./files.ts"
import { stemOf, vendorName } from "./library-name.ts"
import { type FoundLibrary, newestGlibc } from "./read-library.ts"
import { reasonsByName } from "./reasons-by-name.ts"

/** Stem → the tables that name it. */
const namedBy = reasonsByName(librariesOf, librariesBeyond)
/** Stem → its place in the tables. */
const places: ReadonlyMap<string, number> = new Map([...namedBy.keys()].map((stem, place) => [stem, place]))

/**
 * What the tables call a library: by its file, else by its SONAME or a link, for a file may lie under a name of no vendor's. What they do
 * not know keeps its file's.
 */
export function tableStem({
  rootPath,
  soname,
  links,
}: Pick<DriverLibrary, "rootPath" | "soname" | "links">): string {
  const stems = [rootPath, soname, ...links.map(({ path }) => path)].map(stemOf)
  return stems.find((stem) => namedBy.has(stem)) ?? stemOf(rootPath)
}

/** Order: as found. */
export function assignCapabilities(
  view: RootView,
  found: readonly FoundLibrary[],
  version: string,
  findings: Finding[],
): readonly DriverLibrary[] {
  const byName = nameLibraries(found)
  for (const one of found)
    for (const name of one.elf.needed)
      if (!byName.has(`${one.elf.bits} ${name}`) && isDrivers(name, one, version))
        findings.push({
          severity: "warning",
          fault: fault("DriverLibraryNeeded", { path: view.outside(one.rootPath), needs: name }),
          evidence: [`${view.outside(one.rootPath)}: NEEDED ${name}`],
        })
  const uses = spreadCapabilities(found, byName)
  return found.map((one): DriverLibrary => {
    const { capabilities = noCapabilities, neededBy = [] } = uses.get(one) ?? {}
    const by = [...neededBy].map((other) => view.outside(other.rootPath)).sort()
    const reasons: readonly FileReason[] = [
      ...reasonsOf(one),
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
      capabilities: [...capabilities].sort(),
      reasons: reasons.length === 0 ? [{ kind: "version" }] : reasons,
      links: one.links,
    }
  })
}

/** By class and by each name under which the loader finds it: `64 libcuda.so.1`. */
function nameLibraries(found: readonly FoundLibrary[]): ReadonlyMap<string, FoundLibrary> {
  const byName = new Map<string, FoundLibrary>()
  for (const one of found)
    for (const name of [baseName(one.rootPath), one.elf.soname ?? ""])
      byName.set(`${one.elf.bits} ${name}`, one)
  return byName
}

/** What a library needs is the driver's own, and no image has it. */
const isDrivers = (name: string, { rootPath }: FoundLibrary, version: string): boolean =>
  name.endsWith(`.so.${version}`) || (vendorName.test(name) && rootPath.endsWith(version))

interface Use {
  readonly capabilities: Set<DriverCapability>
  readonly neededBy: Set<FoundLibrary>
}

const noCapabilities: ReadonlySet<DriverCapability> = new Set()

const reasonsOf = ({ rootPath, elf: { soname = "" }, links }: FoundLibrary): readonly FileReason[] =>
  namedBy.get(tableStem({ rootPath, soname, links })) ?? []

/** What a library needs serves all that the library serves: until nothing changes. */
function spreadCapabilities(
  found: readonly FoundLibrary[],
  byName: ReadonlyMap<string, FoundLibrary>,
): ReadonlyMap<FoundLibrary, Use> {
  const uses = new Map(
    found.map((one): [FoundLibrary, Use] => {
      const named = reasonsOf(one).flatMap((reason) => ("capability" in reason ? [reason.capability] : []))
      return [one, { capabilities: new Set(named), neededBy: new Set() }]
    }),
  )
  const queue = [...found]
  for (let one = queue.shift(); one !== undefined; one = queue.shift())
    for (const name of one.elf.needed) {
      const needed = byName.get(`${one.elf.bits} ${name}`)
      const gaining = needed === one ? undefined : needed && uses.get(needed)
      if (needed === undefined || gaining === undefined) continue
      gaining.neededBy.add(one)
      const before = gaining.capabilities.size
      for (const capability of uses.get(one)?.capabilities ?? []) gaining.capabilities.add(capability)
      if (gaining.capabilities.size > before) queue.push(needed)
    }
  return uses
}

export function sortLibraries(
  libraries: readonly DriverLibrary[],
  version: string,
): readonly DriverLibrary[] {
  return libraries
    .map((library) => ({
      library,
      path: library.path,
      bits: library.bits,
      place: places.get(tableStem(library)) ?? places.size,
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
