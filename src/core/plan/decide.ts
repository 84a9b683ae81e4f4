/**
 * The judgement of one container, from configuration and texts to the request or the reason why there is none, in the reference's order:
 * config, its supported capabilities, (mode, in 1.13) state, spec, request, mode.
 */

import { type Fault, fault } from "../fault/fault.ts"
import { ok, type Result } from "../fault/result.ts"
import { type ContainerSpec, parseContainerSpec } from "../oci/container-spec.ts"
import { type ContainerState, parseState } from "../oci/state.ts"
import { checkSupportedCapabilities } from "../request/capabilities.ts"
import type { Config } from "../request/config.ts"
import type { ParsedConfig } from "../request/create-config.ts"
import type { InjectionMode, Injector } from "../request/injection-mode.ts"
import { checkHookMode } from "../request/mode.ts"
import type { Profile } from "../request/profile.ts"
import { createReasonLog, type ReasonLog } from "../request/reason.ts"
import type { GpuRequest } from "../request/request.ts"
import { resolveRequest } from "../request/resolve-request.ts"

/** Where the configuration and the texts come from. Each is asked for at most once, in order, and only when needed. */
export interface Sources {
  /** The injector of the command line, which wins over the configuration's. */
  readonly injector: Injector | undefined
  /** Whose rules apply. The hook's own is checked against the configuration's: what it may not serve is the wrapper's. */
  readonly mode: InjectionMode
  /** Every default when there is no file and none is required. With the profile of the command line, which wins over its own. */
  readConfig(): Result<ParsedConfig>
  readState(): Result<string>
  readSpec(bundle: string): Result<string>
  /** `host`: of the configuration. */
  isTegra(host: string | undefined): boolean
}

/** What is known by then, also when a fault ends the matter. */
interface Known {
  readonly log: ReasonLog
  readonly config: Config | undefined
  readonly profile: Profile | undefined
}

/** A container that is to have GPUs: all that its plan is made from. */
export interface GpuDecision {
  readonly kind: "gpu"
  readonly log: ReasonLog
  readonly config: Config
  readonly profile: Profile
  readonly mode: InjectionMode
  readonly request: GpuRequest
}

/** The same, of a container that an engine describes by a bundle. */
export interface BundleDecision extends GpuDecision {
  readonly state: ContainerState
  readonly spec: ContainerSpec
}

export type Decision =
  | ({ readonly kind: "refuse"; readonly fault: Fault } & Known)
  | { readonly kind: "off"; readonly log: ReasonLog; readonly config: Config; readonly profile: Profile }
  | {
      readonly kind: "nothing"
      readonly log: ReasonLog
      readonly config: Config
      readonly profile: Profile
      readonly state: ContainerState
      readonly spec: ContainerSpec
    }
  | BundleDecision

/** The wrapper delegates nothing. In the hook's shadow mode another program acts, whoever is configured to. */
function chooseInjector({ mode, injector }: Sources, { gantry }: Config): Injector {
  if (mode !== "legacy") return "native"
  return gantry.mode === "shadow" ? "delegate" : (injector ?? gantry.injector ?? "native")
}

export function decide(sources: Sources): Decision {
  const log = createReasonLog()
  let known: Known = { log, config: undefined, profile: undefined }
  const refuse = (fault: Fault): Decision => ({ kind: "refuse", fault, ...known })

  const parsed = sources.readConfig()
  if (!parsed.ok) return refuse(parsed.fault)
  const { config, profile } = parsed.value
  known = { log, config, profile }
  if (config.gantry.mode === "off") {
    log.add(
      "gantry.off",
      [config.evidence("gantry.mode", "active")],
      "Gantry is switched off: everything passes by",
    )
    return { kind: "off", log, config, profile }
  }
  const { mode } = sources
  const supported = checkSupportedCapabilities(config, profile)
  // As the hook judges it, before any container. The wrapper's modes need it where one asks for a GPU, if at all.
  if (mode === "legacy" && !supported.ok) return refuse(supported.fault)
  const checkMode = (devices: readonly string[] | undefined): Result<true> =>
    mode === "legacy"
      ? checkHookMode({ config, devices, isTegra: () => sources.isTegra(config.gantry.host) }, log)
      : ok(true)
  if (profile.modeCheck === "first") {
    const served = checkMode(undefined)
    if (!served.ok) return refuse(served.fault)
  }

  const rawState = sources.readState()
  if (!rawState.ok) return refuse(rawState.fault)
  const state = parseState(rawState.value)
  if (!state.ok) return refuse(state.fault)
  const rawSpec = sources.readSpec(state.value.bundle)
  if (!rawSpec.ok) return refuse(rawSpec.fault)
  const spec = parseContainerSpec(rawSpec.value)
  if (!spec.ok) return refuse(spec.fault)
  if (mode === "legacy" && spec.value.ociVersion === undefined)
    return refuse(fault("SpecPartMissing", { part: "Version" }))

  const input = {
    config,
    profile,
    supported,
    state: state.value,
    spec: spec.value,
    mode,
    injector: chooseInjector(sources, config),
  }
  const request = resolveRequest(input, log)
  if (!request.ok) return refuse(request.fault)
  const decided = { log, config, profile, state: state.value, spec: spec.value }
  if (request.value.kind === "none") return { kind: "nothing", ...decided }
  if (profile.modeCheck === "gpuContainersOnly") {
    const served = checkMode(request.value.devices)
    if (!served.ok) return refuse(served.fault)
  }
  return { kind: "gpu", ...decided, mode, request: request.value }
}
