/** Where to look on a machine: what was said, and for the rest what is found. */

import { findDriverRoot } from "../driver/find-driver-root.ts"
import { observeUserSpaceVersion } from "../driver/observe-driver.ts"
import type { HostFiles } from "../host/host.ts"
import { observeVersion } from "../inventory/observe-version.ts"
import type { SnapshotOptions } from "./snapshot.ts"

export interface SaidPlaces {
  readonly driverRoot?: string | undefined
  readonly devRoot?: string | undefined
  readonly ldcache?: string | undefined
  readonly searchPaths?: readonly string[] | undefined
}

/** A driver root that nobody named is found by its libraries; without a kernel module the libraries tell the version. */
export function chooseSnapshotOptions(host: HostFiles, said: SaidPlaces): SnapshotOptions {
  const { ldcache = "/etc/ld.so.cache", searchPaths = [] } = said
  const version = observeVersion(host)?.value
  const driverRoot = said.driverRoot ?? (version === undefined ? "/" : findDriverRoot(host, version, ldcache))
  const fallbackVersion =
    version === undefined ? observeUserSpaceVersion(host, driverRoot, ldcache) : undefined
  return {
    driverRoot,
    ldcache,
    searchPaths,
    ...(said.devRoot === undefined ? {} : { devRoot: said.devRoot }),
    ...(fallbackVersion === undefined ? {} : { fallbackVersion }),
  }
}
