/** A machine's files by its name, without what asks NVML: as much as a start needs. */

import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { findHost } from "./find-host.ts"
import { createLiveFiles } from "./live-files.ts"
import { createSimulatedFiles } from "./simulated-files.ts"

/** undefined: it is a recording, which is not loaded here. Faults: HostUnknown. */
export function openFiles(selector: string | undefined): Result<HostFiles | undefined> {
  const place = findHost(selector)
  if (!place.ok) return place
  switch (place.value.kind) {
    case "live":
      return ok(createLiveFiles())
    case "simulated":
      return ok(createSimulatedFiles(place.value.directory))
    case "recording":
      return ok(undefined)
  }
}
