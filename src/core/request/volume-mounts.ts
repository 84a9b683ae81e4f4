/**
 * Devices asked for by mounting /dev/null below a magic path. The reference's prefix has no boundary at its end: `…-devicesX/1` is
 * device `X/1`. Who is told what the reference would tell it is told that too; natively another directory asks for nothing.
 */

import type { SpecMount } from "../oci/container-spec.ts"
import { cleanPath } from "../text/path.ts"
import type { Injector } from "./injection-mode.ts"
import type { Profile } from "./profile.ts"

const deviceRoot = "/var/run/nvidia-container-devices"

export interface MountRequest {
  /** What is left of the destination below the magic path. */
  readonly text: string
  readonly mount: SpecMount
}

/** Order: as mounted. */
export function findMountRequests(
  mounts: readonly SpecMount[],
  profile: Profile,
  injector: Injector,
): readonly MountRequest[] {
  const beginning = injector === "native" ? `${deviceRoot}/` : deviceRoot

  const requests: MountRequest[] = []
  const seen = new Set<string>()
  for (const mount of mounts) {
    if (cleanPath(mount.source) !== "/dev/null") continue
    const destination = cleanPath(mount.destination)
    if (profile.devices.volumeMounts === "oncePerDestination") {
      if (seen.has(destination)) continue
      seen.add(destination)
    }
    if (!destination.startsWith(beginning)) continue
    const text = destination.slice(deviceRoot.length).replace(/^\//, "")
    if (text !== "") requests.push({ text, mount })
  }
  return requests
}
