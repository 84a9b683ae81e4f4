/** Which machine is meant: this one, a simulated one's directory, or a recording's file. */

import { statSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
import { readFileAt } from "./file-system.ts"
import { createLiveHost } from "./live.ts"
import { createRecordingHost, parseRecording } from "./recording.ts"
import { createSimulatedHost } from "./simulated.ts"

/** `undefined` and `live` are this machine. Faults: HostUnknown, RecordingInvalid. */
export function openHost(selector: string | undefined): Result<Host> {
  if (selector === undefined || selector === "live") return ok(createLiveHost())
  try {
    if (statSync(selector).isDirectory()) return ok(createSimulatedHost(selector.replace(/\/+$/, "") || "/"))
    const bytes = readFileAt(selector, selector, undefined)
    if (!bytes.ok) return fail(fault("HostUnknown", { selector }, bytes.fault))
    const recording = parseRecording(new TextDecoder().decode(bytes.value), selector)
    return recording.ok ? ok(createRecordingHost(recording.value, selector)) : recording
  } catch {
    return fail(fault("HostUnknown", { selector }))
  }
}
