/** The nodes by which programs draw on a GPU, with their names by the GPU's place. Source: the kernel's documentation of sysfs. */

import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { absolutePath, baseName, parentPath } from "../text/path.ts"
import type { DrmNode } from "./inventory.ts"
import { namesIn } from "./names-in.ts"
import { observeNode } from "./observe-node.ts"

export interface ObservedDrm {
  /** Order: by name. */
  readonly drm: readonly DrmNode[]
  /** Those that the kernel has and `/dev` has not. Order: by name. */
  readonly absent: readonly HostPath[]
}

/** `busDirectory`: the GPU's own on the bus. */
export function observeDrm(host: Host, busDirectory: string, pciAddress: string): ObservedDrm {
  const drm: DrmNode[] = []
  const absent: HostPath[] = []
  for (const place of drmPathsOf(host, busDirectory)) {
    const node = observeNode(host, place)
    if (node === undefined) absent.push(place)
    else drm.push({ node, byPath: observeByPath(host, place, pciAddress) })
  }
  return { drm, absent }
}

/** Where the kernel says that a GPU's DRM nodes are. Order: by name. */
const drmPathsOf = (host: Host, busDirectory: string): readonly HostPath[] =>
  namesIn(host, `${busDirectory}/drm`)
    .filter((name) => /^(card|renderD|controlD)\d{1,7}$/.test(name))
    .map((name) => hostPath(`/dev/dri/${name}`))

function observeByPath(host: Host, place: HostPath, pciAddress: string): DrmNode["byPath"] {
  const kind = /^(card|render)/.exec(baseName(place))?.[1]
  if (kind === undefined) return undefined
  const path = hostPath(`/dev/dri/by-path/pci-${pciAddress}-${kind}`)
  const link = host.readLink(path)
  // After a card was moved another's may stand there.
  const isOwn = link.ok && absolutePath(link.value, parentPath(path)) === place
  return isOwn ? { path, target: link.value } : undefined
}
