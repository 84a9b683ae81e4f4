/** Specifications for the actions of `gantry cdi`, read and judged. Who needs one device of many asks recall-cdi.ts first. */

import { parseSpec } from "../core/cdi/parse-spec.ts"
import type { Registry } from "../core/cdi/registry.ts"
import type { CdiSpec } from "../core/cdi/spec.ts"
import { fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { hostPath } from "../core/text/brand.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { openHost } from "../host/open-host.ts"
import { readCdiFile } from "../host/read-cdi-directories.ts"
import { checkDirectories } from "./cdi-flags.ts"
import type { FlagShape, Flags } from "./flags.ts"
import { readSpecifications } from "./read-specifications.ts"

/** Faults: UsageInvalid, HostUnknown, RecordingInvalid. */
export function readRegistry(flags: Flags, shape: FlagShape): Result<Registry> {
  const directories = checkDirectories(flags, shape)
  if (!directories.ok) return directories
  const host = openHost(flags.values.get("host"))
  return host.ok ? ok(registryNamed(host.value, directories.value, flags)) : host
}

/** A directory that is not there is an empty one to engines; to who has named it, a slip of the pen. */
export function registryNamed(host: HostFiles, directories: readonly string[], { lists }: Flags): Registry {
  const registry = readSpecifications(host, directories)
  if (!lists.has("spec-dir")) return registry
  const absent = directories.flatMap((directory): readonly Finding[] => {
    const read = host.readDir(hostPath(directory))
    return read.ok || read.fault.tag !== "HostReadFailed" || read.fault.data.reason !== "absent"
      ? []
      : [{ severity: "warning", fault: read.fault, evidence: [] }]
  })
  return { ...registry, findings: [...absent, ...registry.findings] }
}

/** Of this machine. Faults: CdiFileUnreadable, and those of parseSpec. */
export function readSpec(path: string): ReturnType<typeof parseSpec> {
  const bytes = readCdiFile(createLiveFiles(), path)
  return bytes.ok
    ? parseSpec({ path, bytes: bytes.value })
    : fail([fault("CdiFileUnreadable", { file: path }, bytes.fault)])
}

/** The same, and of what is wrong with it the first. */
export function readSoundSpec(path: string): Result<CdiSpec> {
  const parsed = readSpec(path)
  return parsed.ok ? ok(parsed.value.spec) : fail(parsed.fault[0] ?? fault("CdiTextEmpty", { file: path }))
}

/** Where a simulated machine lies; undefined: paths of this machine mean themselves. */
export const directoryOf = (host: HostFiles): string | undefined =>
  host.provenance.kind === "simulated" ? host.livePath(hostPath("/")) : undefined
