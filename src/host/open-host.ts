/** Which machine is meant: this one, a simulated one's directory, or a recording's file. */

import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
import { readFileAt } from "./files/file-system.ts"
import { findHost } from "./find-host.ts"
import { createLiveHost } from "./live.ts"
import type { NvmlAsking } from "./nvml/ask-nvml.ts"
import { createRecordingHost, parseRecording } from "./recording.ts"
import { createSimulatedHost } from "./simulated.ts"

/** `undefined` and `live` are this machine. Faults: HostUnknown, RecordingInvalid. */
export function openHost(selector: string | undefined, nvml?: NvmlAsking): Result<Host> {
  const place = findHost(selector)
  if (!place.ok) return place
  if (place.value.kind === "live") return ok(createLiveHost(nvml))
  if (place.value.kind === "simulated") return ok(createSimulatedHost(place.value.directory, nvml))
  const { file } = place.value
  const bytes = readFileAt(file, file, undefined)
  if (!bytes.ok) return fail(fault("HostUnknown", { selector: file }, bytes.fault))
  const recording = parseRecording(new TextDecoder().decode(bytes.value), file)
  return recording.ok ? ok(createRecordingHost(recording.value, file)) : recording
}
