/** The machine that is meant, with its files and no more. Recordings are loaded only for who names one. */

import { ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { openFiles } from "../../host/open-files.ts"

/** Faults: HostUnknown, RecordingInvalid. */
export async function openMachine(selector: string | undefined): Promise<Result<HostFiles>> {
  const files = await openFiles(selector)
  if (!files.ok) return files
  return files.value === undefined
    ? (await import("../../host/open-host.ts")).openHost(selector)
    : ok(files.value)
}
