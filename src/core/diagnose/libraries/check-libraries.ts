/**
 * The driver's libraries that specifications mount: real libraries, with all that they need of the driver beside them, and found in the
 * container under the name by which programs ask for them. Whether they are of the loaded driver: check-driver-versions.ts.
 */

import type { Hook } from "../../cdi/spec.ts"
import { linkerNameOf, vendorName } from "../../driver/library-name.ts"
import type { ElfFile } from "../../elf/elf.ts"
import { parseElfFrom } from "../../elf/parse-elf.ts"
import { type Fault, fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { fail, type Result } from "../../fault/result.ts"
import { baseName } from "../../text/path.ts"
import {
  type CdiSubject,
  found,
  isHidden,
  isUnrecorded,
  otherPlaces,
  placeOf,
  renderPlace,
  type Use,
} from "../cdi-subject.ts"
import type { MountSource } from "../mounts/check-mounts.ts"
import { createLoaderSearch } from "./loader-search.ts"
import { createReach } from "./reach.ts"

/** Order: what is no library, libraries as first mounted, what they lack beside them, names by which nobody finds them. */
export function checkLibraries(
  subject: CdiSubject,
  sources: readonly MountSource[],
  hooks: readonly Use<Hook>[],
): readonly Finding[] {
  const misplaced = sources.filter(
    ({ path, at }) => at.kind === "there" && at.stat.kind !== "file" && isVendorLibrary(baseName(path)),
  )
  const libraries = sources.flatMap((source): readonly Library[] => {
    if (source.at.kind !== "there" || source.at.stat.kind !== "file") return []
    const name = baseName(source.at.resolved)
    if (!isVendorLibrary(name)) return []
    const elf = readLibrary(subject, source.at.resolved)
    return elf === undefined ? [] : [{ source, elf }]
  })
  return [
    ...misplaced.map((source) => unusable(source, "it is not a file")),
    ...libraries.flatMap((library) => checkFile(subject, library)),
    ...checkClosure(sources, libraries),
    ...checkSonames(libraries, hooks),
  ]
}

interface Library {
  readonly source: MountSource
  readonly elf: Result<ElfFile>
}

/** undefined: a recording does not say. */
function readLibrary(subject: CdiSubject, path: string): Result<ElfFile> | undefined {
  let problem: Fault | undefined
  const elf = subject.view.readParts(path, (read) =>
    parseElfFrom((offsetBytes, lengthBytes) => {
      const bytes = read({ offsetBytes, lengthBytes })
      if (bytes.ok) return bytes.value
      problem ??= bytes.fault
      return new Uint8Array()
    }),
  )
  if (problem === undefined) return elf
  return isUnrecorded(subject, path, problem) ? undefined : fail(problem)
}

const isVendorLibrary = (name: string): boolean => /^lib.*\.so(?:\.|$)/.test(name) && vendorName.test(name)

const unusable = ({ path, uses }: MountSource, problem: string): Finding =>
  found(
    "error",
    fault("CdiLibraryUnusable", { place: placeOf(uses[0], "hostPath"), path, problem }),
    ...otherPlaces(uses, "hostPath"),
  )

/** Real, and the one that its name in the container says: the loader makes the link of what a library says itself. */
function checkFile(subject: CdiSubject, { source, elf }: Library): readonly Finding[] {
  if (!elf.ok) {
    if (elf.fault.tag === "ElfInvalid") return [unusable(source, elf.fault.data.problem)]
    // Nothing is known of what is in it.
    const severity = isHidden(subject, elf.fault) ? "warning" : "error"
    const place = renderPlace(placeOf(source.uses[0], "hostPath"))
    return [found(severity, elf.fault, place, ...otherPlaces(source.uses, "hostPath"))]
  }
  const { soname } = elf.value
  const other = source.uses.find(
    ({ item }) =>
      soname !== undefined &&
      isVendorLibrary(soname) &&
      isVendorLibrary(baseName(item.containerPath)) &&
      linkerNameOf(soname) !== linkerNameOf(baseName(item.containerPath)),
  )
  return other === undefined
    ? []
    : [unusable(source, `it is ${soname}, and the container has it as ${baseName(other.item.containerPath)}`)]
}

/** One finding for each library that is missed, whoever needs it. A library of 32 bits does not serve one of 64. */
function checkClosure(sources: readonly MountSource[], libraries: readonly Library[]): readonly Finding[] {
  const reach = createReach()
  const read = new Map(libraries.map(({ source, elf }) => [source, elf]))
  for (const source of sources) {
    const elf = read.get(source)
    // What is mounted and cannot be read is told elsewhere.
    const classes = elf?.ok === true ? [elf.value.bits] : [32, 64]
    const soname = elf?.ok === true ? elf.value.soname : undefined
    for (const use of source.uses)
      for (const name of [baseName(use.item.containerPath), ...(soname === undefined ? [] : [soname])])
        for (const bits of classes) reach.add(use, `${bits} ${name}`)
  }
  const missed = libraries.flatMap(({ source, elf }) =>
    elf.ok
      ? [...new Set(elf.value.needed)]
          .filter((name) => vendorName.test(name))
          .filter((name) => source.uses.some((use) => !reach.has(use, `${elf.value.bits} ${name}`)))
          .map((needs) => ({ source, needs }))
      : [],
  )
  return [...Map.groupBy(missed, ({ needs }) => needs)].map(([needs, all]) => {
    const [{ source }] = all as [(typeof all)[number]]
    return found(
      "warning",
      fault("CdiClosureIncomplete", {
        place: placeOf(source.uses[0], "hostPath"),
        path: source.path,
        needs,
      }),
      ...all.slice(0, evidenceLimit).map((one) => `${one.source.path}: NEEDED ${needs}`),
    )
  })
}

/** More libraries with the same fault help nobody. */
const evidenceLimit = 10

/**
 * Programs ask for a library by its SONAME: its own file is called so, a link is made, or ldconfig makes it, where loaders look. One finding a
 * file of each.
 */
function checkSonames(libraries: readonly Library[], hooks: readonly Use<Hook>[]): readonly Finding[] {
  const search = createLoaderSearch(hooks)
  const lost = libraries.flatMap(({ source, elf }) => {
    const soname = elf.ok ? elf.value.soname : undefined
    if (soname === undefined) return []
    for (const use of source.uses) {
      const sight = search.find(use, use.item.containerPath, soname)
      if (sight !== "found") return [{ use, soname, sight }]
    }
    return []
  })
  return [...Map.groupBy(lost, ({ use, sight }) => `${sight} ${use.source.path}`).values()].map((all) => {
    const [{ use, soname, sight }] = all as [(typeof all)[number]]
    return found(
      "warning",
      fault("CdiSonameUnreachable", {
        place: placeOf(use, "containerPath"),
        path: use.item.containerPath,
        soname,
        sight,
        others: all.length - 1,
      }),
      ...all.slice(0, evidenceLimit).map((one) => `${one.use.item.hostPath}: SONAME ${one.soname}`),
    )
  })
}
