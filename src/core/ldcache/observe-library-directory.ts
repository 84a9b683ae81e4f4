/**
 * The libraries of one directory, each under the name by which the loader will ask for it. Source: observed on ldconfig, glibc 2.36:
 *   names that begin with `lib` or `ld-` and have `.so` in them, but prelink's temporary ones; as long as subdirectories are named
 *   after processors, so do links that bear such a name but lead to a file, and in subdirectories of glibc-hwcaps links of any name
 *   a file counts under its SONAME, or its own name when it has none; so does a link under what the file it leads to says, unless
 *   the link bears that very name, or ends in `.so` and is its beginning (`libx.so` of `libx.so.1`): then it counts under its own
 *   of several under one name: files before such links, then the greater name
 *   the path in the cache is that name in the directory, and ldconfig makes it a link to the file where it is none
 */

import type { Finding } from "../fault/finding.ts"
import { compareNames } from "./compare-names.ts"
import { type LdconfigRules, processorSubdirectories } from "./ldconfig-rules.ts"
import type { LibraryTree } from "./library-tree.ts"
import { type DirectoryRole, type LibraryHead, readLibraryHead } from "./read-library-head.ts"

export interface DirectoryLibrary {
  readonly soname: string
  /** The file or link in the directory that was chosen. */
  readonly name: string
  readonly isNamedLink: boolean
  readonly head: LibraryHead
}

export interface LibraryDirectory {
  /** Order: of the chosen names, by code point. */
  readonly libraries: readonly DirectoryLibrary[]
  /** Names in it that mean processors and lead to directories. Order: links last, else by code point. */
  readonly subdirectories: readonly string[]
}

/** What is no library is passed over; what ought to be one is a finding. */
export function observeLibraryDirectory(
  tree: LibraryTree,
  directory: string,
  role: DirectoryRole,
  rules: LdconfigRules,
  complain: (finding: Finding) => void,
): LibraryDirectory {
  const names = tree.readDir(directory)
  if (!names.ok) {
    const isAbsent = names.fault.tag === "HostReadFailed" && names.fault.data.reason === "absent"
    if (!isAbsent) complain({ severity: "warning", fault: names.fault, evidence: [directory] })
    return { libraries: [], subdirectories: [] }
  }
  const chosen = new Map<string, DirectoryLibrary>()
  const subdirectories: string[] = []
  const linked: string[] = []
  const heads = new Map<string, LibraryHead | undefined>()
  const headOf = (path: string, place: string): LibraryHead | undefined => {
    if (heads.has(place)) return heads.get(place)
    const head = readLibraryHead(tree, place, rules.machine, role)
    if (!head.ok) complain({ severity: "note", fault: head.fault, evidence: [path] })
    heads.set(place, head.ok ? head.value : undefined)
    return head.ok ? head.value : undefined
  }
  for (const name of names.value) {
    const path = `${directory}/${name}`
    const isLibrary = isLibraryName(name)
    const isSpecial =
      rules.hasProcessorSubdirectories && (role === "hwcaps" || processorSubdirectories.has(name))
    if (isTemporary(name) || (!isLibrary && !isSpecial)) continue
    const found = locate(tree, path)
    if (!found.ok) {
      complain({ severity: "note", fault: found.fault, evidence: [path] })
      continue
    }
    const { kind, isLink, place, sizeBytes } = found.value
    if (kind === "directory" && role === "plain" && processorSubdirectories.has(name))
      (isLink ? linked : subdirectories).push(name)
    if (kind !== "file" || sizeBytes === 0 || (!isLibrary && !isLink)) continue
    const head = headOf(path, place)
    if (head === undefined) continue
    const soname = head.soname ?? name
    const isNamedLink = isLink && (name === soname || (name.endsWith(".so") && soname.startsWith(name)))
    const library = { soname: isNamedLink ? name : soname, name, isNamedLink, head }
    const rival = chosen.get(library.soname)
    if (rival === undefined || isPreferred(library, rival)) chosen.set(library.soname, library)
  }
  return { libraries: [...chosen.values()], subdirectories: [...subdirectories, ...linked] }
}

function isPreferred(one: DirectoryLibrary, rival: DirectoryLibrary): boolean {
  if (one.isNamedLink !== rival.isNamedLink) return rival.isNamedLink
  return compareNames(one.name, rival.name) > 0
}

const isLibraryName = (name: string): boolean =>
  (name.startsWith("lib") || name.startsWith("ld-")) && name.includes(".so")

const isTemporary = (name: string): boolean => /\.#prelink#(\..{6})?$/.test(name)

interface Located {
  readonly kind: string
  readonly sizeBytes: number
  readonly isLink: boolean
  readonly place: string
}

function locate(
  tree: LibraryTree,
  path: string,
): ReturnType<LibraryTree["lstat"]> &
  ({ readonly ok: false } | { readonly ok: true; readonly value: Located }) {
  const stat = tree.lstat(path)
  if (!stat.ok) return stat
  if (stat.value.kind !== "symlink") return { ok: true, value: { ...stat.value, isLink: false, place: path } }
  const place = tree.resolve(path)
  if (!place.ok) return place
  const target = tree.lstat(place.value)
  return target.ok ? { ok: true, value: { ...target.value, isLink: true, place: place.value } } : target
}
