/** Specifications for the actions of `gantry cdi`, read and judged. Who needs one device of many asks recall-cdi.ts first. */

import { hookEnvironment } from "../../apply/hook-environment.ts"
import { mapEdits } from "../../core/cdi/edits/map-edits.ts"
import { type ParsedSpec, parseAdditions, parseSpec } from "../../core/cdi/read/parse-spec.ts"
import type { Registry } from "../../core/cdi/registry/registry.ts"
import { unreadableFile } from "../../core/cdi/registry/unreadable-file.ts"
import type { CdiSpec, ContainerEdits } from "../../core/cdi/spec.ts"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { readCdiFile } from "../../host/cdi/read-cdi-directories.ts"
import { createLiveFiles } from "../../host/live-files.ts"
import { openHost } from "../../host/open-host.ts"
import type { FlagShape, Flags } from "../flags.ts"
import { absentDirectories } from "./absent-directories.ts"
import { checkDirectories } from "./cdi-flags.ts"
import { readSpecifications } from "./read-specifications.ts"

/** Faults: UsageInvalid, HostUnknown, RecordingInvalid. */
export function readRegistry(flags: Flags, shape: FlagShape): Result<Registry> {
  const directories = checkDirectories(flags, shape)
  if (!directories.ok) return directories
  const host = openHost(flags.values.get("host"))
  return host.ok ? ok(registryNamed(host.value, directories.value, flags)) : host
}

/** Of directories that somebody has named those that are not there are told of. */
export function registryNamed(host: HostFiles, directories: readonly string[], { lists }: Flags): Registry {
  const registry = readSpecifications(host, directories)
  if (!lists.has("spec-dir")) return registry
  return { ...registry, findings: [...absentDirectories(host, directories), ...registry.findings] }
}

/** Of this machine. Faults: CdiFileUnreadable, and those of parseSpec. */
export function readSpec(path: string): ReturnType<typeof parseSpec> {
  const bytes = readCdiFile(createLiveFiles(), path)
  return bytes.ok ? parseSpec({ path, bytes: bytes.value }) : fail([unreadableFile(path, bytes.fault)])
}

/** The same, and of what is wrong with it the first. */
export const readValidSpec = (path: string): Result<CdiSpec> => validOf(readSpec(path))

/** Edits that are to be added to a specification, in the form of one. Faults: CdiFileUnreadable, and those of parseAdditions. */
export function readAdditions(path: string): Result<Pick<ParsedSpec, "spec" | "warnings">> {
  const bytes = readCdiFile(createLiveFiles(), path)
  if (!bytes.ok) return fail(unreadableFile(path, bytes.fault))
  const read = parseAdditions({ path, bytes: bytes.value })
  if (!read.ok) return fail(firstOf(read.fault))
  const { spec, warnings } = read.value
  return ok({ spec: mapEdits(spec, withHookEnvironment), warnings })
}

/** A hook without variables runs with those that an image chooses (CVE-2025-23266), and none is written without. */
const withHookEnvironment = (edits: ContainerEdits): ContainerEdits => ({
  ...edits,
  hooks: edits.hooks.map((hook) => (hook.env.length > 0 ? hook : { ...hook, env: hookEnvironment })),
})

/** Of all that is wrong the first. */
export const validOf = (parsed: ReturnType<typeof parseSpec>): Result<CdiSpec> =>
  parsed.ok ? ok(parsed.value.spec) : fail(firstOf(parsed.fault))

const firstOf = (faults: readonly Fault[]): Fault => faults[0] ?? fault("CdiTextEmpty", { file: "" })
