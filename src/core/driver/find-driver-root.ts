/** Where a driver's tree may lie when nobody said: on the host itself, or in the driver container's place. */

import type { Host } from "../host/host.ts"
import { viewRoot } from "../host/root-view.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { findLibraryPlaces } from "./find-directories.ts"

const driverRoots = ["/", "/run/nvidia/driver"]

/** The first root that holds libraries of this version; `/` when none does. */
export function findDriverRoot(host: Host, version: string, ldcache: string): HostPath {
  const found = driverRoots.find(
    (root) =>
      findLibraryPlaces(viewRoot(host, hostPath(root)), { version, ldcache, searchPaths: [] }).directories
        .length > 0,
  )
  return hostPath(found ?? "/")
}
