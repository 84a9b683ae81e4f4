/** `gantry explain`: the plan for a container, told. It reads and prints; it changes nothing. */

import { resolve } from "node:path"
import { observeLayout } from "../apply/observe-layout.ts"
import { renderExplanation } from "../core/explain/render-explanation.ts"
import { catalogue } from "../core/fault/catalogue.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
import { isTegra } from "../core/inventory/is-tegra.ts"
import { type ContainerLayout, unseenLayout } from "../core/plan/container-layout.ts"
import { type BundleDecision, decide, type GpuDecision, type Sources } from "../core/plan/decide.ts"
import { hasDevice } from "../core/plan/has-device.ts"
import type { Plan } from "../core/plan/plan.ts"
import { planCdiContainer } from "../core/plan/plan-cdi-container.ts"
import { planCdiDevices } from "../core/plan/plan-cdi-devices.ts"
import { type PlanSurroundings, planContainer } from "../core/plan/plan-container.ts"
import { planDelegate } from "../core/plan/plan-delegate.ts"
import { plannerOf } from "../core/plan/planner-of.ts"
import { planJson, renderPlanJson } from "../core/plan/render-plan.ts"
import { type HostSnapshot, observeSnapshot } from "../core/plan/snapshot.ts"
import { askedDevices, needSpecifications } from "../core/request/asked-devices.ts"
import type { InjectionMode } from "../core/request/injection-mode.ts"
import { parseConfig } from "../core/request/parse-config.ts"
import { isProfileName, type ProfileName } from "../core/request/profile.ts"
import { chooseRuntimeMode } from "../core/request/runtime-mode.ts"
import { escapeControl } from "../core/text/escape.ts"
import { absolutePath } from "../core/text/path.ts"
import { liveDelegateMachine } from "../host/delegate-machine.ts"
import { readText } from "../host/files/read-text.ts"
import { hookSources, readConfig } from "../host/hook-sources.ts"
import { openHost } from "../host/open-host.ts"
import { specifiedMachine } from "../host/specified-machine.ts"
import { readDecisions } from "../host/state/decision-log.ts"
import { readSpecifications } from "./cdi/read-specifications.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { isHelpAsked, tellHelp } from "./help/asked-help.ts"
import { print, report } from "./report.ts"
import { observeBoardLayout } from "./start/observe-board-layout.ts"
import { observeSupplied } from "./start/observe-supplied.ts"
import { specificationDirectories } from "./start/specification-directories.ts"

const shape = {
  program: "gantry explain",
  usage:
    "gantry explain --bundle DIR | --spec FILE | --state FILE | --last[=N] [--host live|DIR|FILE] [--config FILE] [--profile P] [--injector I] [--wrapper] [--json] [--verbose]",
  valued: ["bundle", "spec", "state", "host", "config", "profile", "injector"],
  switches: ["json", "verbose", "last", "wrapper", "help", "h"],
}

export async function run(args: readonly string[]): Promise<number> {
  const last = args.map((arg) => /^--?last=(\d+)$/.exec(arg)?.[1]).find((number) => number !== undefined)
  const flags = parseFlags(
    args.map((arg) => (/^--?last=\d+$/.test(arg) ? "--last" : arg)),
    shape,
  )
  if (!flags.ok) return report(flags.fault)
  const { on, values, words } = flags.value
  if (isHelpAsked(flags.value)) return tellHelp(shape.usage)
  if (words.length > 0) return report(usageFault(shape, `unexpected ${JSON.stringify(words[0])}`))
  if (on.has("last")) return explainLast(Number(last ?? "1"), flags.value)
  if (!values.has("bundle") && !values.has("spec") && !values.has("state"))
    return report(usageFault(shape, "name a container: --bundle, --spec, --state or --last"))
  const plan = await makePlan(flags.value)
  if (!plan.ok) return report(plan.fault)
  await print(
    on.has("json")
      ? renderPlanJson(plan.value)
      : renderExplanation(plan.value, { isVerbose: on.has("verbose") }),
  )
  return 0
}

async function makePlan({ on, values }: Flags): Promise<Result<Plan>> {
  const profile = values.get("profile")
  if (profile !== undefined && !isProfileName(profile))
    return fail(usageFault(shape, `unknown profile ${JSON.stringify(profile)}`))
  const injector = values.get("injector")
  if (injector !== undefined && injector !== "native" && injector !== "delegate")
    return fail(usageFault(shape, `unknown injector ${JSON.stringify(injector)}`))
  const sources = sourcesOf(values, profile, injector)
  const mode = on.has("wrapper") ? wrapperMode(sources) : ok(sources.mode)
  if (!mode.ok) return mode
  const decision = decide({ ...sources, mode: mode.value })
  // A file that is not there is no container to explain; what is wrong inside one is part of its story.
  if (decision.kind === "refuse" && decision.fault.tag === "InputUnreadable") return fail(decision.fault)
  const config = decision.config
  const opened = openHost(values.get("host") ?? config?.gantry.host)
  if (!opened.ok) return opened
  const host = opened.value
  const bundle = decision.kind === "gpu" ? resolve(decision.state.bundle) : resolve(".")
  const layout = decision.kind === "gpu" ? await layoutFor(decision, bundle) : ok(unseenLayout)
  if (!layout.ok) return layout
  const observed = decision.kind === "gpu" ? observeSupplied(host, decision) : undefined
  const surroundings: PlanSurroundings = {
    injector: on.has("wrapper") ? "native" : injector,
    planMachine: plannerOf(mode.value),
    planDelegate: (gpu) =>
      planDelegate({
        ...gpu,
        isDebug: false,
        workingDirectory: bundle,
        environment: Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ""}`),
        machine: liveDelegateMachine,
      }),
    // Asked only of who wants a GPU.
    observe: () =>
      ok(observed?.snapshot ?? observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })),
    observeLayout: () => layout.value,
  }
  const plan =
    decision.kind === "gpu"
      ? planGpuContainer(decision, host, observed?.snapshot, surroundings)
      : ok(planContainer(decision, surroundings))
  if (!plan.ok) return plan
  return ok({ ...plan.value, findings: [...plan.value.findings, ...(observed?.toBeMade ?? [])] })
}

/** Faults: ConfigValueInvalid. */
function planGpuContainer(
  decision: GpuDecision,
  host: Host,
  snapshot: HostSnapshot | undefined,
  surroundings: PlanSurroundings,
): Result<Plan> {
  const { config, log } = decision
  const asked = askedDevices(decision.request, decision.mode, config)
  const isOwn = (selector: string): boolean => snapshot !== undefined && hasDevice(snapshot, selector)
  if (!needSpecifications(asked) && asked.every((one) => one.from !== "machineFirst" || isOwn(one.selector)))
    return ok(planContainer(decision, surroundings))
  const directories = specificationDirectories(config)
  if (!directories.ok) return directories
  const registry = readSpecifications(host, directories.value)
  const input = { asked, registry, ...specifiedMachine(host), isOwn }
  return ok(planCdiContainer(decision, planCdiDevices(input, log), surroundings))
}

function layoutFor({ mode, config, spec }: BundleDecision, bundle: string): Promise<Result<ContainerLayout>> {
  const root = absolutePath(spec.rawRootPath, bundle)
  return mode === "csv" ? observeBoardLayout(root, config) : observeLayout(root)
}

/** As the runtime wrapper judges a container, by the configuration. Faults: those of parseConfig, RuntimeModeUnknown. */
function wrapperMode(sources: Sources): Result<InjectionMode> {
  const parsed = sources.readConfig()
  if (!parsed.ok) return parsed
  const { config } = parsed.value
  return chooseRuntimeMode("nvidia-container-runtime", config, () => sources.isTegra(config.gantry.host))
}

/** Without a state file there is a bundle and no process yet. */
function sourcesOf(
  values: Flags["values"],
  profile: ProfileName | undefined,
  injector: Sources["injector"],
): Sources {
  const statePath = values.get("state")
  const specPath = values.get("spec")
  const bundle = resolve(values.get("bundle") ?? ".")
  const named = values.get("host")
  const variable = (name: string): string | undefined => process.env[name]
  const { text } = readConfig({ configPath: values.get("config"), profile, variable })
  const hook = hookSources({
    config: text.ok ? parseConfig(text.value, profile) : text,
    injector,
    readState: () =>
      statePath === undefined
        ? ok(JSON.stringify({ pid: 0, bundle }))
        : readText("container state", statePath),
  })
  const sources: Sources = {
    ...hook,
    isTegra: (configured) => {
      const opened = openHost(named ?? configured)
      return opened.ok && isTegra(opened.value)
    },
  }
  return specPath === undefined ? sources : { ...sources, readSpec: () => readText("OCI spec", specPath) }
}

async function explainLast(number: number, { on }: Flags): Promise<number> {
  const decisions = readDecisions(({ tag }) => Object.hasOwn(catalogue, tag))
  const found = decisions[number - 1]
  if (found === undefined) return report(fault("DecisionUnknown", { wanted: number, kept: decisions.length }))
  const { timeMs, bundle, pid, plan } = found
  if (on.has("json")) {
    await print(`${JSON.stringify({ version: 1, timeMs, bundle, pid, plan: planJson(plan) }, null, 2)}\n`)
    return 0
  }
  await print(`${new Date(timeMs).toISOString()}  ${escapeControl(bundle)}  pid ${escapeControl(pid)}\n\n`)
  await print(renderExplanation(plan, { isVerbose: on.has("verbose") }))
  return 0
}
