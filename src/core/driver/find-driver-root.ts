/** Finding the root in which a driver's tree lies. */

import type { HostFiles } from "../host/host.ts"
import { viewRoot } from "../host/root-view.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { driverRoots } from "./driver-roots.ts"
import { findLibraryPlaces } from "./find-directories.ts"

/** The first root that holds libraries of this version, else the first that holds those of another; `/` when none does. */
export function findDriverRoot(host: HostFiles, version: string, ldcache: string): HostPath {
  const search = { version, ldcache, searchPaths: [] }
  let fallback: HostPath | undefined
  for (const root of driverRoots.map(hostPath)) {
    const { directories, otherVersions } = findLibraryPlaces(viewRoot(host, root), search)
    if (directories.length > 0) return root
    if (otherVersions.length > 0) fallback ??= root
  }
  return fallback ?? hostPath("/")
}
