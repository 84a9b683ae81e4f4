/** Specifications for the actions of `gantry cdi`, read and judged. Who needs one device of many asks recall-cdi.ts first. */

import { parseSpec } from "../core/cdi/parse-spec.ts"
import { buildRegistry, type Registry } from "../core/cdi/registry.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { hostPath } from "../core/text/brand.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { openHost } from "../host/open-host.ts"
import { readCdiDirectories, readCdiFile } from "../host/read-cdi-directories.ts"
import { checkDirectories } from "./cdi-flags.ts"
import type { FlagShape, Flags } from "./flags.ts"

/** Faults: UsageInvalid, HostUnknown, RecordingInvalid. */
export function readRegistry(flags: Flags, shape: FlagShape): Result<Registry> {
  const directories = checkDirectories(flags, shape)
  if (!directories.ok) return directories
  const host = openHost(flags.values.get("host"))
  return host.ok ? ok(registryOn(host.value, directories.value)) : host
}

export const registryOn = (host: HostFiles, directories: readonly string[]): Registry =>
  buildRegistry(readCdiDirectories(host, directories))

/** Of this machine. Faults: CdiFileUnreadable, and those of parseSpec. */
export function readSpec(path: string): ReturnType<typeof parseSpec> {
  const bytes = readCdiFile(createLiveFiles(), path)
  return bytes.ok
    ? parseSpec({ path, bytes: bytes.value })
    : fail([fault("CdiFileUnreadable", { file: path }, bytes.fault)])
}

/** Where a simulated machine lies; undefined: paths of this machine mean themselves. */
export const directoryOf = (host: HostFiles): string | undefined =>
  host.provenance.kind === "simulated" ? host.livePath(hostPath("/")) : undefined
