/** A machine's files by its name, without what asks NVML: as much as a start needs. A simulated machine's are loaded for who names one. */

import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { findHost } from "./find-host.ts"
import { createLiveFiles } from "./live-files.ts"

/** undefined: it is a recording, which is not loaded here. Faults: HostUnknown. */
export async function openFiles(selector: string | undefined): Promise<Result<HostFiles | undefined>> {
  const place = findHost(selector)
  if (!place.ok) return place
  switch (place.value.kind) {
    case "live":
      return ok(createLiveFiles())
    case "simulated": {
      const { createSimulatedFiles } = await import("./simulated-files.ts")
      return ok(createSimulatedFiles(place.value.directory))
    }
    case "recording":
      return ok(undefined)
  }
}
