/**
 * Which driver capabilities does the container ask for, and which does the configuration support?
 * Three readings over the years, one a profile: as written up to the first empty item; as written but only if every word is
 * supported; a set. What stays the same: unset in a legacy image is everything, unset or empty otherwise the default.
 */

import type { DriverCapability } from "../driver/capability.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { splitList } from "../text/space.ts"
import type { Config } from "./config.ts"
import { type Environment, environmentEvidence, isLegacyImage } from "./environment.ts"
import type { Profile } from "./profile.ts"
import type { Evidence, ReasonLog } from "./reason.ts"

/** The order in which releases before 1.14 list them. */
export const everyCapability: readonly DriverCapability[] = [
  "compute",
  "compat32",
  "graphics",
  "utility",
  "video",
  "display",
  "ngx",
]
const everyText = everyCapability.join(",")
const variable = "NVIDIA_DRIVER_CAPABILITIES"
const option = "supported-driver-capabilities"

const isCapability = (word: string): word is DriverCapability =>
  (everyCapability as readonly string[]).includes(word)

/** The configuration's own value, judged before any container. Faults: SupportedCapabilitiesInvalid. */
export function checkSupportedCapabilities(config: Config, profile: Profile): Result<readonly string[]> {
  if (!profile.capabilities.supportedIsChecked) return ok(everyCapability)
  const written = config.value(option) ?? everyText
  if (written === "all" || written === everyText) return ok(everyCapability)
  const words = splitList(written)
  const isAsWritten = profile.capabilities.parsing === "set" || words.join(",") === written
  return isAsWritten && words.every(isCapability)
    ? ok(words)
    : fail(fault("SupportedCapabilitiesInvalid", { value: written, allowed: everyText }))
}

export interface CapabilityInput {
  readonly config: Config
  readonly profile: Profile
  readonly environment: Environment
  readonly supported: readonly string[]
}

/** Faults: CapabilityUnknown, CapabilitiesUnsupported. */
export function selectCapabilities(
  input: CapabilityInput,
  log: ReasonLog,
): Result<readonly DriverCapability[]> {
  const { config, profile, environment, supported } = input
  const written = environment.get(variable)
  const evidence: readonly Evidence[] = [environmentEvidence(environment, variable)]
  const withSupport = [...evidence, config.evidence(option, everyText)]
  const sorted = (words: readonly string[]): readonly DriverCapability[] => {
    const known = words.filter(isCapability)
    return profile.capabilities.parsing === "set" ? [...new Set(known)].sort() : known
  }
  if (written === undefined && isLegacyImage(environment)) {
    const legacy = [environmentEvidence(environment, "CUDA_VERSION"), ...withSupport]
    log.add(
      "capabilities.legacyImage",
      legacy,
      "a legacy CUDA image that says nothing gets every supported capability",
    )
    return ok(sorted(supported))
  }
  if (written === undefined || written === "") {
    const granted = profile.capabilities.byDefault.filter((one) => supported.includes(one))
    const trait: Evidence = { from: "profile", profile: profile.name, trait: `default ${granted.join(",")}` }
    log.add(
      "capabilities.default",
      [...evidence, trait],
      `the default applies: ${granted.join(", ") || "none"}`,
    )
    return ok(granted)
  }
  const words = splitList(written)
  if (profile.capabilities.parsing === "set" ? words.includes("all") : written === "all") {
    log.add("capabilities.all", withSupport, `every supported capability: ${supported.join(", ") || "none"}`)
    return ok(sorted(supported))
  }
  if (profile.capabilities.parsing === "untilEmpty") return readUntilEmpty(written, evidence, log)
  const granted = words.filter((word) => supported.includes(word))
  const isGranted =
    profile.capabilities.parsing === "set" ? granted.length === words.length : granted.join(",") === written
  if (!isGranted) {
    const [asked, allowed] =
      profile.capabilities.parsing === "set"
        ? [sortedText(words), sortedText(granted)]
        : [written, granted.join(",")]
    return fail(fault("CapabilitiesUnsupported", { asked, allowed }))
  }
  log.add("capabilities.environment", withSupport, `asked for: ${granted.join(", ") || "none"}`)
  return ok(sorted(granted))
}

const sortedText = (words: readonly string[]): string => [...new Set(words)].sort().join(",")

function readUntilEmpty(
  written: string,
  evidence: readonly Evidence[],
  log: ReasonLog,
): Result<readonly DriverCapability[]> {
  const granted: DriverCapability[] = []
  for (const word of written.split(",")) {
    if (word === "") {
      log.add("capabilities.emptyItem", evidence, "reading stops at the first empty item")
      break
    }
    if (!isCapability(word)) return fail(fault("CapabilityUnknown", { capability: word }))
    granted.push(word)
  }
  log.add("capabilities.environment", evidence, `asked for: ${granted.join(", ") || "none"}`)
  return ok(granted)
}
