/**
 * Platforms whose driver is no package of libraries of one version. Tegra: nodes, files, directories and links that the platform's lists
 * name. WSL: the Windows driver's store (windows-store.ts).
 *   dev: a character device · dir: a directory, where it is named · lib and sym: what lies at the end of the links, with the links on the way
 *   a pattern names all that fits it · what is not there, or is of another kind, is a finding, and everything else is given
 * Source: facts, toolkit §5.6 and §5.7.
 */

import { parseElfFrom } from "../elf/parse-elf.ts"
import { bytesOrNone } from "../elf/read-parts.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { noteLooks } from "../host/note-looks.ts"
import { type RootView, viewRoot } from "../host/root-view.ts"
import type { NodeFact } from "../inventory/inventory.ts"
import { releasePath } from "../inventory/is-tegra.ts"
import { byNumber, namesIn } from "../inventory/names-in.ts"
import { observeNode } from "../inventory/observe-node.ts"
import { refusePlace } from "../inventory/parse-platform-list.ts"
import {
  findPlatformLists,
  isBasePlatformList,
  isPattern,
  type PlatformEntry,
  platformEntryMissing,
  readPlatformLists,
} from "../inventory/platform-list.ts"
import { expandGlob, type GlobBudget } from "../ldcache/glob.ts"
import { createWalkBudget } from "../ldcache/walk-budget.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { isFileName } from "../text/file-name.ts"
import { baseName, cleanPath, joinPath, parentPath } from "../text/path.ts"
import type { FileLink } from "./catalogue.ts"
import { linkerNameOf } from "./library-name.ts"
import type { PlatformContents, PlatformItem, PlatformLibrary } from "./platform-contents.ts"
import { observeWindowsFiles } from "./windows-store.ts"

const stepLimit = 40
/** More than all lists of a board name. */
const itemLimit = 20_000

export interface PlatformPlaces {
  /** Where the driver's files lie. */
  readonly view: RootView
  readonly lists: readonly HostPath[]
}

/** `host`: with the nodes where they lie. */
export function observePlatformContents(host: Host, { view, lists }: PlatformPlaces): PlatformContents {
  const { entries, findings } = readPlatformLists(host, lists)
  const items: PlatformItem[] = []
  const missing: Finding[] = []
  const places = new Set<HostPath>()
  const budget: GlobBudget = { directories: 4096, walk: createWalkBudget() }
  const nodes = viewRoot(host, hostPath("/"))
  const noting = (seen: RootView): RootView => noteLooks(seen, (path) => places.add(seen.outside(path)))
  const files = noting(view)
  for (const entry of entries) {
    if (items.length >= itemLimit) break
    const within = entry.kind === "dev" ? nodes : view
    const found = pathsOf(noting(within), entry.path, budget).flatMap(
      (path) => observeItem(host, files, { ...entry, path }) ?? [],
    )
    if (found.length === 0) missing.push(platformEntryMissing(entry))
    items.push(...found.slice(0, itemLimit - items.length))
    if (!isPattern(entry.path)) places.add(within.outside(entry.path))
  }
  // The board's own, wherever its driver lies.
  const release = host.exists(releasePath) ? { path: releasePath, hostPath: releasePath } : undefined
  places.add(releasePath)
  return {
    items,
    gpuNodes: observeGpuNodes(host),
    release,
    findings: [...findings, ...missing],
    places: [...places],
  }
}

const observeGpuNodes = (host: Host): readonly NodeFact[] =>
  namesIn(host, "/dev")
    .filter((name) => /^nvidia\d{1,4}$/.test(name))
    .sort(byNumber)
    .flatMap((name) => observeNode(host, `/dev/${name}`) ?? [])

const pathsOf = (view: RootView, path: HostPath, budget: GlobBudget): readonly HostPath[] =>
  isPattern(path) ? expandGlob(view, path, budget).map(hostPath) : [path]

/** undefined: there is nothing of that kind. */
function observeItem(host: Host, view: RootView, entry: PlatformEntry): PlatformItem | undefined {
  const { kind, path, list, line } = entry
  const item = { kind, path, list, line, node: undefined, file: undefined, links: [], library: undefined }
  if (kind === "dev") {
    const node = observeNode(host, path)
    return node === undefined ? undefined : { ...item, node }
  }
  const links: FileLink[] = []
  const end = followChain(view, path, links)
  const stat = view.lstat(end)
  const isRight =
    stat.ok &&
    refusePlace(end) === undefined &&
    // A directory on the way may be a link too.
    refusePlace(view.place(end)) === undefined &&
    (kind === "dir"
      ? stat.value.kind === "directory"
      : stat.value.kind === "file" || stat.value.kind === "socket")
  if (!isRight) return undefined
  // Where a link to a directory leads, an image may have more than what the list means.
  if (kind === "dir") return { ...item, file: { path, hostPath: view.place(end) } }
  const file = { path: end, hostPath: view.place(end) }
  const library = observeLibrary(view, end)
  if (library !== undefined) links.push(...linksBeside(view, end, library, links))
  return { ...item, file, links, library }
}

/** Notes each link on the way and returns where it ends. Directories on the way are kept as they are named. */
function followChain(view: RootView, path: HostPath, links: FileLink[]): HostPath {
  let at = path
  for (let step = 0; step < stepLimit; step++) {
    const target = view.readLink(at)
    if (!target.ok) return at
    links.push({ path: at, target: target.value })
    at = goalOf(view, at, target.value)
  }
  return at
}

function goalOf(view: RootView, link: HostPath, target: string): HostPath {
  if (target.startsWith("/")) return hostPath(cleanPath(target))
  const parent = parentPath(link)
  // Behind a link `..` leads elsewhere than it seems.
  const resolved = target.includes("..") ? view.resolve(parent) : undefined
  return hostPath(joinPath(resolved?.ok === true ? resolved.value : parent, target))
}

/** What a loader's cache can hold, by its name and its header. */
function observeLibrary(view: RootView, path: HostPath): PlatformLibrary | undefined {
  const name = baseName(path)
  if (!/^lib.+\.so(\.[^/]*)?$/.test(name)) return undefined
  const elf = view.readParts(path, (read) => parseElfFrom(bytesOrNone(read)))
  if (!elf.ok) return undefined
  const { soname = name, bits, machine } = elf.value
  return isFileName(soname) ? { soname, bits, machine } : undefined
}

/**
 * The links of its SONAME and of its linker name, where the machine has them and they lead to it. Containers get that of its SONAME though the
 * machine lacks it, and what leads there leads on.
 */
function linksBeside(
  view: RootView,
  path: HostPath,
  { soname }: PlatformLibrary,
  known: readonly FileLink[],
): readonly FileLink[] {
  const made = hostPath(joinPath(parentPath(path), soname))
  return [...new Set([soname, linkerNameOf(soname)])].flatMap((name): readonly FileLink[] => {
    const link = hostPath(joinPath(parentPath(path), name))
    if (link === path || known.some((one) => one.path === link)) return []
    const chain: FileLink[] = []
    const end = followChain(view, link, chain)
    return end === path || (end === made && !view.lstat(made).ok) ? chain : []
  })
}

export interface PlatformFiles {
  /** Order: as listed, each once. */
  readonly files: readonly HostPath[]
  readonly links: readonly FileLink[]
  /** Where WSL's were looked for, which no list names. */
  readonly searched: readonly HostPath[]
  readonly findings: readonly Finding[]
}

/** Of the lists that always count. */
export function observePlatformFiles(host: Host, view: RootView): PlatformFiles {
  const lists = findPlatformLists(host).filter(isBasePlatformList)
  const { items, release } = observePlatformContents(host, { view, lists })
  const windows = observeWindowsFiles(host, view)
  const files = new Set(windows.files)
  const links = new Map<HostPath, FileLink>()
  for (const item of items) {
    if (item.file !== undefined) files.add(item.file.hostPath)
    for (const link of item.links) if (!links.has(link.path)) links.set(link.path, link)
  }
  if (files.size > 0 && release !== undefined) files.add(release.hostPath)
  return {
    files: [...files],
    links: [...links.values()],
    searched: windows.searched,
    findings: windows.findings,
  }
}
