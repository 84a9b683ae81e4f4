/**
 * What `nvidia-container-cli configure` is told, as a request: its options in the places of config.toml and config.json.
 * Order of judgement: the root, the process, requirements, what becomes of a newer CUDA of the image, IMEX channels.
 * Source: facts, nvidia-container-cli §1.5, §1.6, §4, and libnvidia-container, src/cli/configure.c, for how numbers are read; not observed.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { cleanPath } from "../text/path.ts"
import { everyCapability } from "./capabilities.ts"
import { type CliConfigure, type CliGiven, evidenceOf, itemsOf, parseCliChannels } from "./cli-call.ts"
import { configOfCli } from "./cli-config.ts"
import type { Config } from "./config.ts"
import { type Profile, profiles } from "./profile.ts"
import { createReasonLog, type ReasonLog } from "./reason.ts"
import type { GpuRequest } from "./request.ts"

/** What who asks does not want, though the rest of the request would bring it. */
export type Withheld = "deviceNodes" | "persistenced" | "fabricmanager" | "firmware"

export interface CliRequest {
  /** Supervised: the container of another process, seen from outside. Standalone: of the caller's parent, seen from within its namespaces. */
  readonly supervision: "supervised" | "standalone"
  readonly request: GpuRequest
  readonly withheld: readonly Withheld[]
  /** What config.toml would say. */
  readonly config: Config
  readonly profile: Profile
  readonly log: ReasonLog
}

export interface CliCircumstances {
  readonly parentPid: number
  /** The machine, as in `gantry.host`; undefined: this one. */
  readonly host: string | undefined
}

const requirementLimit = 32

/** Faults: CliConfigureInvalid, ImexChannelInvalid. */
export function resolveCliRequest(
  { global, given, rawRootPath }: CliConfigure,
  { parentPid, host }: CliCircumstances,
): Result<CliRequest> {
  if (!rawRootPath.startsWith("/") || cleanPath(rawRootPath) === "/")
    return fail(fault("CliConfigureInvalid", { problem: "root", value: rawRootPath }))
  const pid = parsePid(given.get("pid"))
  if (!pid.ok) return pid
  const requirements = given.get("require") ?? []
  if (requirements.length > requirementLimit)
    return fail(fault("CliConfigureInvalid", { problem: "requirements", value: `${requirements.length}` }))
  const config = configOfCli(global, given, host)
  if (!config.ok) return config
  const channels = parseCliChannels(given)
  if (!channels.ok) return channels

  const log = createReasonLog()
  const isSupervised = pid.value > 0n
  const joined = (name: string): string => itemsOf(given, name)?.join(",") ?? ""
  const request: GpuRequest = {
    kind: "gpu",
    devices: itemsOf(given, "device") ?? [],
    capabilities: everyCapability.filter((name) => given.has(name)),
    migConfig: joined("mig-config"),
    migMonitor: joined("mig-monitor"),
    imexChannels: channels.value.map(String),
    companions: [],
    platformLists: "base",
    requirements,
    passedOver: [],
    isPrivileged: false,
    isLegacyImage: false,
    container: { pid: isSupervised ? pid.value : BigInt(parentPid), bundle: "", rawRootPath },
    reasons: log.reasons,
  }
  tell(request, given, log)
  return ok({
    supervision: isSupervised ? "supervised" : "standalone",
    request,
    withheld: withheldBy.filter(([option]) => given.has(option)).map(([, what]) => what),
    config: config.value,
    profile: profiles["1.20"],
    log,
  })
}

const withheldBy: readonly (readonly [option: string, what: Withheld])[] = [
  ["no-devbind", "deviceNodes"],
  ["no-persistenced", "persistenced"],
  ["no-fabricmanager", "fabricmanager"],
  ["no-gsp-firmware", "firmware"],
]

const pidLimit = 2n ** 31n

/** 0 when it is not said; the last counts. As C's strtoimax reads a whole text. Faults: CliConfigureInvalid. */
function parsePid(values: readonly string[] | undefined): Result<bigint> {
  let pid = 0n
  for (const value of values ?? []) {
    const [, sign, digits] = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/.exec(value) ?? []
    if (digits === undefined) return fail(fault("CliConfigureInvalid", { problem: "pidMalformed", value }))
    pid = sign === "-" ? -BigInt(digits) : BigInt(digits)
    if (pid >= pidLimit || pid < -pidLimit)
      return fail(fault("CliConfigureInvalid", { problem: "pidTooLarge", value }))
  }
  return ok(pid)
}

/** A reason for each part of the request, also for what was not said: every edit names those it follows from. */
function tell(request: GpuRequest, given: CliGiven, log: ReasonLog): void {
  const note = (part: string, options: readonly string[], outcome: string): void => {
    log.add(`${part}.commandLine`, evidenceOf(given, options), outcome)
  }
  const listed = (items: readonly string[]): string => items.join(", ")
  note(
    "devices",
    ["device"],
    request.devices.length === 0
      ? "the driver without a GPU is asked for"
      : `asked for: ${listed(request.devices)}`,
  )
  note(
    "capabilities",
    everyCapability,
    request.capabilities.length === 0
      ? "no driver capability is asked for"
      : `asked for: ${listed(request.capabilities)}`,
  )
  for (const right of ["config", "monitor"] as const) {
    const value = right === "config" ? request.migConfig : request.migMonitor
    if (value !== "") note(`mig.${right}`, [`mig-${right}`], `asked for: ${value}`)
  }
  if (request.imexChannels.length > 0)
    note("imex", ["imex-channel"], `asked for: channel ${listed(request.imexChannels)}`)
  if (request.requirements.length > 0)
    note("requirements", ["require"], `the image requires ${listed(request.requirements)}`)
  for (const [option, what] of withheldBy)
    if (given.has(option)) note(`withheld.${what}`, [option], "what would be given is left out")
}
