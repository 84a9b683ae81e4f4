/**
 * Platforms whose driver is no package of libraries of one version. Tegra: files, directories and links that the platform's lists
 * name; a library that is a link brings the chain of links and the file at its end. WSL: the Windows driver's store.
 * Source: facts, toolkit §5.6 and §5.7.
 */

import type { Host } from "../host/host.ts"
import type { RootView } from "../host/root-view.ts"
import { observePlatformEntries } from "../inventory/platform-list.ts"
import { observeNode } from "../inventory/proc-text.ts"
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
  const files = new Set<HostPath>(observeWslFiles(host, view))
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

const wslDirectory = "/usr/lib/wsl"

/** WSL: the part of the Windows driver's store that holds CUDA, and the door to the host's graphics. */
function observeWslFiles(host: Host, view: RootView): readonly HostPath[] {
  if (observeNode(host, "/dev/dxg") === undefined) return []
  const names = (directory: string): readonly string[] => {
    const found = view.readDir(directory)
    return found.ok ? found.value : []
  }
  const stores = names(`${wslDirectory}/drivers`)
    .map((name) => `${wslDirectory}/drivers/${name}`)
    .filter((directory) => view.exists(`${directory}/libcuda.so.1.1`))
  const files = stores.flatMap((directory) =>
    names(directory)
      .filter((name) => /\.so(\.|$)|\.bin$|\.dll$|^nvidia-smi$/.test(name))
      .map((name) => `${directory}/${name}`),
  )
  const door = `${wslDirectory}/lib/libdxcore.so`
  return [...files, ...(view.exists(door) ? [door] : [])].map((path) => view.outside(path))
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
