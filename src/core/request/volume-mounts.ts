/** Devices asked for by mounting /dev/null below a magic path. */

import type { SpecMount } from "../oci/container-spec.ts"
import { cleanPath } from "../text/path.ts"
import type { Profile } from "./profile.ts"

const deviceRoot = "/var/run/nvidia-container-devices"

export interface MountRequest {
  /** What is left of the destination below the magic path. */
  readonly text: string
  readonly mount: SpecMount
}

/** `prefix`: as the reference, for which `…-devicesX/1` is device `X/1`; what it sees is what it acts upon. */
export type MountPaths = "whole" | "prefix"

/** Order: as mounted. */
export function findMountRequests(
  mounts: readonly SpecMount[],
  profile: Profile,
  paths: MountPaths,
): readonly MountRequest[] {
  const requests: MountRequest[] = []
  const seen = new Set<string>()
  for (const mount of mounts) {
    if (cleanPath(mount.source) !== "/dev/null") continue
    const destination = cleanPath(mount.destination)
    if (profile.devices.volumeMounts === "oncePerDestination") {
      if (seen.has(destination)) continue
      seen.add(destination)
    }
    if (!destination.startsWith(paths === "whole" ? `${deviceRoot}/` : deviceRoot)) continue
    const text = destination.slice(deviceRoot.length).replace(/^\//, "")
    if (text !== "") requests.push({ text, mount })
  }
  return requests
}
