/**
 * Which devices does the container ask for? In this order:
 *   1. annotations, in the modes that look at them: any found decides, whatever the privilege
 *   2. volume mounts, where the configuration accepts them: likewise
 *   3. the variables: every swarm-resource name that is present; if none is, NVIDIA_VISIBLE_DEVICES
 *      unset in a legacy image: all · nothing, or `void` anywhere: no GPU container · else the first `all` or `none` decides
 *   4. what the variables say is dropped when the container is unprivileged and the configuration does not accept that
 * Profile 2020-07 passes the variable's value on as it is; only exactly empty, `void` and `none` mean something.
 */

import { qualify } from "../cdi/rules/qualify.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { splitList } from "../text/space.ts"
import { type AnnotationInput, devicesFromAnnotations } from "./annotations.ts"
import { type Environment, environmentEvidence, isLegacyImage } from "./environment.ts"
import type { Profile } from "./profile.ts"
import type { Evidence, ReasonLog } from "./reason.ts"
import type { MountRequest } from "./volume-mounts.ts"

/** The selectors, `[]` for a GPU container without device (`none`), undefined for no GPU container. */
export type DeviceChoice = readonly string[] | undefined

export interface DeviceInput extends AnnotationInput {
  readonly profile: Profile
  readonly environment: Environment
  readonly mountRequests: readonly MountRequest[]
  readonly isPrivileged: boolean
}

/** Faults: CdiNameOneLetter, from a mount. */
export function selectDevices(input: DeviceInput, log: ReasonLog): Result<DeviceChoice> {
  const byAnnotation = devicesFromAnnotations(input, log)
  if (byAnnotation !== undefined) return ok(byAnnotation)
  const byMount = devicesFromMounts(input, log)
  if (!byMount.ok || byMount.value !== undefined) return byMount
  const { names, evidence } = deviceVariables(input)
  const choice =
    input.profile.devices.value === "raw"
      ? rawChoice(input.environment, names, evidence, log)
      : listChoice(input.environment, names, evidence, "devices", log)
  if (choice === undefined) return ok(undefined)
  return ok(isAccepted(input, evidence, "devices", log) ? choice : undefined)
}

function devicesFromMounts(input: DeviceInput, log: ReasonLog): Result<DeviceChoice> {
  const key = "accept-nvidia-visible-devices-as-volume-mounts"
  if (input.profile.devices.volumeMounts === "no" || input.config.value(key) !== true) return ok(undefined)
  const hasWords = input.profile.devices.volumeMounts === "oncePerDestination"
  const devices: string[] = []
  for (const { text, mount } of input.mountRequests) {
    const evidence: readonly Evidence[] = [{ from: "mount", ...mount }, input.config.evidence(key, "false")]
    if (hasWords && text.startsWith("imex/")) continue
    if (!hasWords || !text.startsWith("cdi/")) {
      devices.push(text)
      log.add("devices.mount", evidence, `the mount asks for device ${text}`)
      continue
    }
    const name = text.slice("cdi/".length)
    const form = qualify(name)
    if (form === "oneLetter") return fail(fault("CdiNameOneLetter", { name }))
    const parts = name.split("/")
    if (form === "qualified") devices.push(name)
    else if (parts.length >= 3) devices.push(`${parts[0]}/${parts[1]}=${parts.slice(2).join("/")}`)
    else {
      log.add(
        "devices.mount.malformed",
        evidence,
        `the mount names no CDI device: ${text} is not vendor/class/name`,
      )
      continue
    }
    log.add("devices.mount.cdi", evidence, `the mount asks for CDI device ${devices.at(-1)}`)
  }
  return ok(devices.length > 0 ? devices : undefined)
}

/** The variables that count, first to last, and what made them count. */
function deviceVariables({ config, profile, environment }: DeviceInput): {
  readonly names: readonly string[]
  readonly evidence: readonly Evidence[]
} {
  const resource = config.value("swarm-resource")
  const candidates =
    resource === undefined
      ? []
      : profile.devices.swarmResource === "oneName"
        ? [resource]
        : splitList(resource)
  const present = candidates.filter((name) => environment.has(name))
  const names = present.length > 0 ? present : ["NVIDIA_VISIBLE_DEVICES"]
  const evidence = names.map((name) => environmentEvidence(environment, name))
  return {
    names,
    evidence: present.length > 0 ? [...evidence, config.evidence("swarm-resource", "")] : evidence,
  }
}

function rawChoice(
  environment: Environment,
  names: readonly string[],
  evidence: readonly Evidence[],
  log: ReasonLog,
): DeviceChoice {
  const value = environment.get(names[0] ?? "") ?? (isLegacyImage(environment) ? "all" : "")
  if (value === "" || value === "void") {
    log.add("devices.nothing", evidence, "no GPU is asked for: the variable is unset, empty or void")
    return undefined
  }
  if (value === "none") {
    log.add("devices.none", evidence, "the driver is asked for, but no GPU")
    return []
  }
  log.add("devices.environment", evidence, `the variable asks for ${value}`)
  return value.split(",")
}

/**
 * The list rules of 1.12 and later, for devices and for IMEX channels. A name written twice leaves a hole at its earlier
 * place, as the reference has it: the delegated command line shows it (`--device=,0`).
 */
export function listChoice(
  environment: Environment,
  names: readonly string[],
  evidence: readonly Evidence[],
  rule: "devices" | "imex",
  log: ReasonLog,
): DeviceChoice {
  const noun = rule === "devices" ? "GPU" : "IMEX channel"
  const present = names.filter((name) => environment.has(name))
  let items = present.flatMap((name) => splitList(environment.get(name) ?? ""))
  if (present.length === 0 && isLegacyImage(environment)) {
    items = ["all"]
    const legacy = [environmentEvidence(environment, "CUDA_VERSION"), ...evidence]
    log.add(`${rule}.legacyImage`, legacy, `a legacy CUDA image that says nothing gets every ${noun}`)
  }
  if (items.length === 0 || items.includes("void")) {
    const why = items.length === 0 ? "the variable is unset or empty" : "void is among the values"
    log.add(`${rule}.nothing`, evidence, `no ${noun} is asked for: ${why}`)
    return undefined
  }
  const word = items.find((item) => item === "all" || item === "none")
  if (word === "all") {
    log.add(`${rule}.all`, evidence, `every ${noun} is asked for`)
    return ["all"]
  }
  if (word === "none") {
    log.add(
      `${rule}.none`,
      evidence,
      rule === "devices" ? "the driver is asked for, but no GPU" : "no channel is asked for",
    )
    return []
  }
  const what = items.some((item) => item.includes("/")) ? "device" : noun
  log.add(`${rule}.environment`, evidence, `${what} ${[...new Set(items)].join(", ")} asked for`)
  const lastPlaces = new Map(items.map((item, index) => [item, index]))
  return items.map((item, index) => (lastPlaces.get(item) === index ? item : ""))
}

/** May this container ask by variable? */
export function isAccepted(
  input: Pick<DeviceInput, "config" | "profile" | "isPrivileged">,
  evidence: readonly Evidence[],
  rule: "devices" | "imex",
  log: ReasonLog,
): boolean {
  const key = "accept-nvidia-visible-devices-envvar-when-unprivileged"
  if (!input.profile.devices.honoursPrivilege || input.isPrivileged || input.config.value(key) !== false)
    return true
  log.add(
    `${rule}.unprivileged`,
    [input.config.evidence(key, "true"), ...evidence],
    "the variable is ignored, because the container is unprivileged and the configuration asks for privilege",
  )
  return false
}
