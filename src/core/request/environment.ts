/** The container's environment as a request reads it: of two entries with one name the last counts. */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Evidence } from "./reason.ts"

export type Environment = ReadonlyMap<string, string>

/** Faults: EnvironmentEntryInvalid, for an entry without `=`. */
export function checkEntries(entries: readonly string[]): Result<true> {
  const entry = entries.find((one) => !one.includes("="))
  return entry === undefined ? ok(true) : fail(fault("EnvironmentEntryInvalid", { entry }))
}

/** What has no `=` says nothing. */
export function parseEnvironment(entries: readonly string[]): Environment {
  const environment = new Map<string, string>()
  for (const entry of entries) {
    const equals = entry.indexOf("=")
    if (equals !== -1) environment.set(entry.slice(0, equals), entry.slice(equals + 1))
  }
  return environment
}

export const environmentEvidence = (environment: Environment, name: string): Evidence => ({
  from: "environment",
  name,
  value: environment.get(name) ?? null,
})

/** A boolean as Go's strconv.ParseBool reads it; anything else is false. */
export const isTrue = (text: string | undefined): boolean =>
  text !== undefined && ["1", "t", "T", "TRUE", "true", "True"].includes(text)

/** An image from before NVIDIA_REQUIRE_CUDA: it says its CUDA version and asks for everything. */
export const isLegacyImage = (environment: Environment): boolean =>
  (environment.get("CUDA_VERSION") ?? "") !== "" && (environment.get("NVIDIA_REQUIRE_CUDA") ?? "") === ""
