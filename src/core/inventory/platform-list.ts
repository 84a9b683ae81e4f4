/**
 * Tegra: what a container gets is listed by the platform in CSV files of one directory (parse-platform-list.ts). Three of them count
 * always, the others for images that ask for every list. Source: facts, toolkit §4.2 and §5.7.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { viewRoot } from "../host/root-view.ts"
import { expandGlob, type GlobBudget } from "../ldcache/glob.ts"
import { createWalkBudget } from "../ldcache/walk-budget.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName, joinPath } from "../text/path.ts"
import type { NodeFact } from "./inventory.ts"
import { namesIn } from "./names-in.ts"
import { observeNode } from "./observe-node.ts"
import { isBaseList, isPlatformList, type PlatformLine, parsePlatformList } from "./parse-platform-list.ts"
import { readText } from "./proc-text.ts"

export const defaultListDirectory: HostPath = hostPath(
  "/etc/nvidia-container-runtime/host-files-for-container.d",
)

/** The lists in a directory. Order: by name. */
export const findPlatformLists = (
  host: Host,
  directory: HostPath = defaultListDirectory,
): readonly HostPath[] =>
  namesIn(host, directory)
    .filter(isPlatformList)
    .map((name) => hostPath(joinPath(directory, name)))

export const isBasePlatformList = (list: HostPath): boolean => isBaseList(baseName(list))

export interface PlatformEntry extends PlatformLine {
  readonly list: HostPath
}

/** What stands in lists, whether it is there or not. Order: as listed, lists as given. A line that is no entry is a finding. */
export function readPlatformLists(
  host: Host,
  lists: readonly HostPath[],
): { readonly entries: readonly PlatformEntry[]; readonly findings: readonly Finding[] } {
  const entries: PlatformEntry[] = []
  const findings: Finding[] = []
  for (const list of lists) {
    const read = parsePlatformList(readText(host, list) ?? "")
    for (const entry of read.entries) entries.push({ ...entry, list })
    for (const { line, text, problem } of read.unread)
      findings.push({
        severity: "warning",
        fault: fault("PlatformEntryInvalid", { list, line, entry: text, problem }),
        evidence: [`${list}:${line}: ${text}`],
      })
  }
  return { entries, findings }
}

/** A list names what is not there: lists serve many boards. */
export const platformEntryMissing = ({ list, line, kind, path }: PlatformEntry): Finding => ({
  severity: "note",
  fault: fault("PlatformEntryMissing", { list, line, entry: `${kind}, ${path}` }),
  evidence: [`${list}:${line}`],
})

export const isPattern = (path: string): boolean => /[*?[]/.test(path)

export interface PlatformEntries {
  /** Order: as listed, lists by name. */
  readonly entries: readonly PlatformEntry[]
  readonly nodes: readonly NodeFact[]
  readonly findings: readonly Finding[]
}

/** Everything that the lists name that always count; nodes that exist; findings for lines that lead nowhere. */
export function observePlatformEntries(host: Host): PlatformEntries {
  const { entries, findings } = readPlatformLists(host, findPlatformLists(host).filter(isBasePlatformList))
  const missing: Finding[] = []
  const nodes = new Map<HostPath, NodeFact>()
  const view = viewRoot(host, hostPath("/"))
  const budget: GlobBudget = { directories: 4096, walk: createWalkBudget() }
  for (const entry of entries) {
    if (entry.kind !== "dev") {
      if (!isPattern(entry.path) && !host.exists(entry.path)) missing.push(platformEntryMissing(entry))
      continue
    }
    const paths = isPattern(entry.path) ? expandGlob(view, entry.path, budget).map(hostPath) : [entry.path]
    const found = paths.flatMap((path) => observeNode(host, path) ?? [])
    if (found.length === 0) missing.push(platformEntryMissing(entry))
    for (const node of found) if (!nodes.has(node.path)) nodes.set(node.path, node)
  }
  return { entries, nodes: [...nodes.values()], findings: [...findings, ...missing] }
}
