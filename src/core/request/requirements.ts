/**
 * What the image demands of the driver: every NVIDIA_REQUIRE_* variable, and `cuda>=X.Y` for a legacy image.
 * The reference emits them in random order; here they are sorted by the variable's name.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { parseCoercedVersion, parseStrictVersion } from "../text/version.ts"
import type { Config } from "./config.ts"
import { type Environment, environmentEvidence, isLegacyImage, isTrue } from "./environment.ts"
import type { InjectionMode } from "./injection-mode.ts"
import type { Profile } from "./profile.ts"
import type { ReasonLog } from "./reason.ts"

export interface RequirementInput {
  readonly config: Config
  readonly profile: Profile
  readonly mode: InjectionMode
  readonly environment: Environment
}

const uint32Max = 4294967295n

/** Faults: CudaVersionInvalid. */
export function collectRequirements(input: RequirementInput, log: ReasonLog): Result<readonly string[]> {
  const { config, profile, mode, environment } = input
  const isDisabledByConfig = config.value("disable-require") === true
  const isDisabled = isDisabledByConfig || isTrue(environment.get("NVIDIA_DISABLE_REQUIRE"))
  if (isDisabled) {
    const evidence = isDisabledByConfig
      ? config.evidence("disable-require", "false")
      : environmentEvidence(environment, "NVIDIA_DISABLE_REQUIRE")
    log.add("requirements.disabled", [evidence], "what the image requires of the driver is not checked")
    if (!profile.requirements.judgedWhenDisabled) return ok([])
  }
  const requirements: string[] = []
  const names = [...environment.keys()].filter((name) => name.startsWith("NVIDIA_REQUIRE_")).sort()
  for (const name of names) {
    const evidence = environmentEvidence(environment, name)
    // Where it chooses lists it requires nothing, whatever the release.
    const isForBoard = profile.requirements.dropsJetpack || mode === "csv"
    if (isForBoard && name.startsWith("NVIDIA_REQUIRE_JETPACK")) {
      if (!isDisabled) log.add("requirements.jetpack", [evidence], `${name} is for Jetson and is not checked`)
      continue
    }
    requirements.push(environment.get(name) ?? "")
    if (!isDisabled)
      log.add("requirements.environment", [evidence], `the image requires ${environment.get(name)}`)
  }
  if (isLegacyImage(environment)) {
    const text = environment.get("CUDA_VERSION") ?? ""
    const version = readCudaVersion(text, profile)
    if (version === undefined) return fail(fault("CudaVersionInvalid", { version: text }))
    requirements.push(`cuda>=${version}`)
    const evidence = environmentEvidence(environment, "CUDA_VERSION")
    if (!isDisabled)
      log.add("requirements.legacyImage", [evidence], `a legacy CUDA image requires cuda>=${version}`)
  }
  return ok(isDisabled ? [] : requirements)
}

/** `MAJOR.MINOR`, or undefined when the profile cannot read the version. */
function readCudaVersion(text: string, profile: Profile): string | undefined {
  if (profile.requirements.cudaVersion === "scanned") return scanCudaVersion(text)
  const version =
    profile.requirements.cudaVersion === "semver"
      ? parseStrictVersion(text.replace(/^v/, ""))
      : parseCoercedVersion(text)
  if (version === undefined || version.major > uint32Max || version.minor > uint32Max) return undefined
  return `${version.major}.${version.minor}`
}

/** One to three numbers with dots between; blanks before each number; then blanks and the end of the line. */
function scanCudaVersion(text: string): string | undefined {
  const blank = "[\\t\\v\\f \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]*"
  const number = `${blank}([0-9]+)`
  const match = new RegExp(`^${number}(?:\\.${number}(?:\\.${number})?)?${blank}(?:\\r?\\n|\\r?$)`).exec(text)
  if (match === null) return undefined
  const numbers = match.slice(1).map((part) => BigInt(part ?? "0"))
  return numbers.every((one) => one <= uint32Max) ? `${numbers[0]}.${numbers[1]}` : undefined
}
