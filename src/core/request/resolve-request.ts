/**
 * From config.toml, OCI state, config.json and a profile to what the container asked for, with a reason for every decision.
 * Order of judgement: privilege, environment, devices (nothing asked for: done), MIG, capabilities, requirements, IMEX,
 * companions.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { ContainerSpec } from "../oci/container-spec.ts"
import type { ContainerState } from "../oci/state.ts"
import { selectCapabilities } from "./capabilities.ts"
import { selectCompanions } from "./companions.ts"
import type { Config } from "./config.ts"
import { selectDevices } from "./devices.ts"
import {
  checkEntries,
  type Environment,
  environmentEvidence,
  isLegacyImage,
  parseEnvironment,
} from "./environment.ts"
import { selectImexChannels } from "./imex.ts"
import { appliesRequirements, type InjectionMode, type Injector, isStrict } from "./injection-mode.ts"
import { selectPlatformLists } from "./platform-lists.ts"
import { checkPrivilege } from "./privilege.ts"
import type { Profile } from "./profile.ts"
import type { ReasonLog } from "./reason.ts"
import type { PassedOver, Request } from "./request.ts"
import { collectRequirements } from "./requirements.ts"
import { findMountRequests } from "./volume-mounts.ts"

export interface RequestInput {
  readonly config: Config
  readonly profile: Profile
  /** From checkSupportedCapabilities. */
  readonly supported: Result<readonly string[]>
  readonly state: ContainerState
  readonly spec: ContainerSpec
  readonly mode: InjectionMode
  /** Another program is told what the reference would tell it. */
  readonly injector: Injector
}

/** Reasons are added to the log as decisions fall, so that they are there also when a fault ends the matter. */
export function resolveRequest(input: RequestInput, log: ReasonLog): Result<Request> {
  const { config, profile, supported, state, spec, mode, injector } = input
  const privilege = checkPrivilege(spec, profile, injector)
  if (!privilege.ok) return privilege
  const isPrivileged = privilege.value
  const passedOver: PassedOver[] = []
  const judged = <T>(
    rule: string,
    result: Result<T>,
    unsaid: T,
    applies: (mode: InjectionMode, config: Config) => boolean = isStrict,
  ): Result<T> => {
    // Else what is malformed, or cannot be granted of capabilities, requirements and rights over MIG, refuses nothing.
    if (result.ok || applies(mode, config)) return result
    passedOver.push({ rule, fault: result.fault })
    return ok(unsaid)
  }
  const checked = judged("the environment", checkEntries(spec.env), true)
  if (!checked.ok) return checked
  const environment = parseEnvironment(spec.env)

  const mountRequests = findMountRequests(spec.mounts, profile, injector)
  const { annotations } = spec
  const deviceInput = { config, profile, mode, environment, annotations, mountRequests, isPrivileged }
  const devices = selectDevices(deviceInput, log)
  if (!devices.ok) return devices
  if (devices.value === undefined) return ok({ kind: "none", reasons: log.reasons })

  const noRight = { migConfig: "", migMonitor: "" }
  const mig = judged("rights over MIG", checkMig(environment, isPrivileged, log), noRight)
  if (!mig.ok) return mig
  const asked = supported.ok
    ? selectCapabilities({ config, profile, environment, supported: supported.value }, log)
    : supported
  const capabilities = judged("driver capabilities", asked, [])
  if (!capabilities.ok) return capabilities
  const required = collectRequirements({ config, profile, mode, environment }, log)
  const requirements = judged("requirements", required, [], appliesRequirements)
  if (!requirements.ok) return requirements
  return ok({
    kind: "gpu",
    devices: devices.value,
    capabilities: capabilities.value,
    ...mig.value,
    imexChannels: selectImexChannels(deviceInput, log),
    companions: selectCompanions({ environment, profile }, log),
    platformLists: selectPlatformLists({ environment, mode }, log),
    requirements: requirements.value,
    passedOver,
    isPrivileged,
    isLegacyImage: isLegacyImage(environment),
    container: { pid: state.pid, bundle: state.bundle, rawRootPath: spec.rawRootPath },
    reasons: log.reasons,
  })
}

/** Rights over MIG are for privileged containers only. Faults: MigNeedsPrivilege. */
function checkMig(
  environment: Environment,
  isPrivileged: boolean,
  log: ReasonLog,
): Result<{ readonly migConfig: string; readonly migMonitor: string }> {
  const values: string[] = []
  for (const what of ["CONFIG", "MONITOR"] as const) {
    const name = `NVIDIA_MIG_${what}_DEVICES`
    const value = environment.get(name) ?? ""
    if (value !== "" && !isPrivileged) return fail(fault("MigNeedsPrivilege", { what }))
    if (value !== "")
      log.add(`mig.${what.toLowerCase()}`, [environmentEvidence(environment, name)], `asked for: ${value}`)
    values.push(value)
  }
  return ok({ migConfig: values[0] ?? "", migMonitor: values[1] ?? "" })
}
