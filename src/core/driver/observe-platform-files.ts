/**
 * Tegra: files, directories and links that the platform's lists name. A library that is a link brings the chain of links and the
 * file at its end. Source: facts, toolkit §5.7.
 */

import type { Host } from "../host/host.ts"
import type { RootView } from "../host/root-view.ts"
import { observePlatformEntries } from "../inventory/platform-list.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { joinPath, parentPath } from "../text/path.ts"
import type { FileLink } from "./catalogue.ts"

const stepLimit = 40

export interface PlatformFiles {
  /** Order: as listed, each once. */
  readonly files: readonly HostPath[]
  readonly links: readonly FileLink[]
}

export function observePlatformFiles(host: Host, view: RootView): PlatformFiles {
  const files = new Set<HostPath>()
  const links = new Map<HostPath, FileLink>()
  for (const { kind, path } of observePlatformEntries(host).entries) {
    if (kind === "dev") continue
    const end = followChain(view, path, links)
    const stat = view.lstat(end)
    if (stat.ok && (kind === "dir" ? stat.value.kind === "directory" : stat.value.kind === "file"))
      if (kind !== "sym") files.add(view.outside(end))
  }
  const release = "/etc/nv_tegra_release"
  if (files.size > 0 && view.exists(release)) files.add(view.outside(release))
  return { files: [...files], links: [...links.values()] }
}

/** Notes each link on the way and returns where it ends. Directories on the way are kept as they are named. */
function followChain(view: RootView, path: HostPath, links: Map<HostPath, FileLink>): HostPath {
  let at = path
  for (let step = 0; step < stepLimit; step++) {
    const target = view.readLink(at)
    if (!target.ok) return at
    if (!links.has(at)) links.set(at, { path: at, target: target.value })
    at = hostPath(target.value.startsWith("/") ? target.value : joinPath(parentPath(at), target.value))
  }
  return at
}
