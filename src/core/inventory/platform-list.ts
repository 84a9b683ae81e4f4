/**
 * Tegra: what a container gets is listed by the platform in three CSV files, one entry a line: `dev|dir|lib|sym, path`.
 * Source: facts, toolkit §5.7; the lists that NVIDIA's board support packages install.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { cleanPath } from "../text/path.ts"
import type { NodeFact } from "./inventory.ts"
import { namesIn, observeNode, readText } from "./proc-text.ts"

const listDirectory = "/etc/nvidia-container-runtime/host-files-for-container.d"
const lineLimit = 20_000
/** Others count only for images that ask for every list. Source: facts, toolkit §4.2. */
const isBaseList = (name: string): boolean => ["devices.csv", "drivers.csv", "l4t.csv"].includes(name)

/** The lists, and where one appears or goes. */
export const platformLists = (host: Host): readonly HostPath[] => [
  hostPath(listDirectory),
  ...namesIn(host, listDirectory).map((name) => hostPath(`${listDirectory}/${name}`)),
]

export type PlatformEntryKind = "dev" | "dir" | "lib" | "sym"

export interface PlatformEntry {
  readonly kind: PlatformEntryKind
  readonly path: HostPath
  readonly list: HostPath
  /** 1-based. */
  readonly line: number
}

export interface PlatformEntries {
  /** Order: as listed, lists by name. */
  readonly entries: readonly PlatformEntry[]
  readonly nodes: readonly NodeFact[]
  readonly findings: readonly Finding[]
}

const isKind = (text: string): text is PlatformEntryKind =>
  text === "dev" || text === "dir" || text === "lib" || text === "sym"

/** Everything that the lists name; nodes that exist; findings for lines that lead nowhere. */
export function observePlatformEntries(host: Host): PlatformEntries {
  const entries: PlatformEntry[] = []
  const findings: Finding[] = []
  const complain = (list: HostPath, line: number, entry: string, severity: Finding["severity"]): void => {
    findings.push({
      severity,
      fault: fault("PlatformEntryMissing", { list, line, entry }),
      evidence: [`${list}:${line}`],
    })
  }
  for (const name of namesIn(host, listDirectory)) {
    if (!isBaseList(name)) continue
    const list = hostPath(`${listDirectory}/${name}`)
    const lines = (readText(host, list) ?? "").split("\n").slice(0, lineLimit)
    for (const [index, line] of lines.entries()) {
      const text = line.trim()
      if (text === "" || text.startsWith("#")) continue
      const comma = text.indexOf(",")
      const kind = text.slice(0, Math.max(comma, 0)).trim()
      const path = text.slice(comma + 1).trim()
      if (isKind(kind) && path.startsWith("/"))
        entries.push({ kind, path: hostPath(cleanPath(path)), list, line: index + 1 })
      else complain(list, index + 1, text, "warning")
    }
  }
  const nodes: NodeFact[] = []
  for (const { kind, path, list, line } of entries) {
    const node = kind === "dev" ? observeNode(host, path) : undefined
    if (node !== undefined) nodes.push(node)
    else if (kind === "dev" || !host.exists(path)) complain(list, line, `${kind}, ${path}`, "note")
  }
  return { entries, nodes, findings }
}
