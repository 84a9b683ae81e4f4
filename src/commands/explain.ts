/** `gantry explain`: the plan for a container, told. It reads and prints; it changes nothing. */

import { resolve } from "node:path"
import { observeLayout } from "../apply/observe-layout.ts"
import { renderExplanation } from "../core/explain/render-explanation.ts"
import { catalogue } from "../core/fault/catalogue.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { unseenLayout } from "../core/plan/container-layout.ts"
import { decide, type Sources } from "../core/plan/decide.ts"
import type { Plan } from "../core/plan/plan.ts"
import { planContainer } from "../core/plan/plan-container.ts"
import { planDelegate } from "../core/plan/plan-delegate.ts"
import { planJson, renderPlanJson } from "../core/plan/render-plan.ts"
import { observeSnapshot } from "../core/plan/snapshot.ts"
import { isProfileName } from "../core/request/profile.ts"
import { escapeControl } from "../core/text/escape.ts"
import { absolutePath } from "../core/text/path.ts"
import { readDecisions } from "../host/decision-log.ts"
import { liveDelegateMachine } from "../host/delegate-machine.ts"
import { hookSources } from "../host/hook-sources.ts"
import { openHost } from "../host/open-host.ts"
import { readText } from "../host/read-text.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { observeSupplied } from "./observe-supplied.ts"
import { print, report } from "./report.ts"

const shape = {
  program: "gantry explain",
  usage:
    "gantry explain --bundle DIR | --spec FILE | --state FILE | --last[=N] [--host live|DIR|FILE] [--config FILE] [--profile P] [--injector I] [--json] [--verbose]",
  valued: ["bundle", "spec", "state", "host", "config", "profile", "injector"],
  switches: ["json", "verbose", "last", "help", "h"],
}

export async function run(args: readonly string[]): Promise<number> {
  const last = args.map((arg) => /^--?last=(\d+)$/.exec(arg)?.[1]).find((number) => number !== undefined)
  const flags = parseFlags(
    args.map((arg) => (/^--?last=\d+$/.test(arg) ? "--last" : arg)),
    shape,
  )
  if (!flags.ok) return report(flags.fault)
  const { on, values, words } = flags.value
  if (on.has("help") || on.has("h")) {
    print(`usage: ${shape.usage}\n`)
    return 0
  }
  if (words.length > 0) return report(usageFault(shape, `unexpected ${JSON.stringify(words[0])}`))
  if (on.has("last")) return explainLast(Number(last ?? "1"), flags.value)
  if (!values.has("bundle") && !values.has("spec") && !values.has("state"))
    return report(usageFault(shape, "name a container: --bundle, --spec, --state or --last"))
  const plan = await makePlan(flags.value)
  if (!plan.ok) return report(plan.fault)
  print(
    on.has("json")
      ? renderPlanJson(plan.value)
      : renderExplanation(plan.value, { isVerbose: on.has("verbose") }),
  )
  return 0
}

async function makePlan({ values }: Flags): Promise<Result<Plan>> {
  const profile = values.get("profile")
  if (profile !== undefined && !isProfileName(profile))
    return fail(usageFault(shape, `unknown profile ${JSON.stringify(profile)}`))
  const injector = values.get("injector")
  if (injector !== undefined && injector !== "native" && injector !== "delegate")
    return fail(usageFault(shape, `unknown injector ${JSON.stringify(injector)}`))
  const decision = decide(sourcesOf(values, profile, injector))
  // A file that is not there is no container to explain; what is wrong inside one is part of its story.
  if (decision.kind === "refuse" && decision.fault.tag === "InputUnreadable") return fail(decision.fault)
  const config = decision.config
  const opened = openHost(values.get("host") ?? config?.gantry.host)
  if (!opened.ok) return opened
  const host = opened.value
  const bundle = decision.kind === "gpu" ? resolve(decision.state.bundle) : resolve(".")
  const layout =
    decision.kind === "gpu"
      ? await observeLayout(absolutePath(decision.spec.rawRootPath, bundle))
      : unseenLayout
  const observed = decision.kind === "gpu" ? observeSupplied(host, decision) : undefined
  const plan = planContainer(decision, {
    injector,
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
    observeLayout: () => layout,
  })
  return ok({ ...plan, findings: [...plan.findings, ...(observed?.toBeMade ?? [])] })
}

/** Without a state file there is a bundle and no process yet. */
function sourcesOf(
  values: Flags["values"],
  profile: Sources["profile"],
  injector: "native" | "delegate" | undefined,
): Sources {
  const statePath = values.get("state")
  const specPath = values.get("spec")
  const bundle = resolve(values.get("bundle") ?? ".")
  const sources = hookSources({
    configPath: values.get("config"),
    profile,
    injector,
    variable: (name) => process.env[name],
    readState: () =>
      statePath === undefined
        ? ok(JSON.stringify({ pid: 0, bundle }))
        : readText("container state", statePath),
  })
  return specPath === undefined ? sources : { ...sources, readSpec: () => readText("OCI spec", specPath) }
}

function explainLast(number: number, { on }: Flags): number {
  const decisions = readDecisions(({ tag }) => Object.hasOwn(catalogue, tag))
  const found = decisions[number - 1]
  if (found === undefined) return report(fault("DecisionUnknown", { wanted: number, kept: decisions.length }))
  const { timeMs, bundle, pid, plan } = found
  if (on.has("json")) {
    print(`${JSON.stringify({ version: 1, timeMs, bundle, pid, plan: planJson(plan) }, null, 2)}\n`)
    return 0
  }
  print(`${new Date(timeMs).toISOString()}  ${escapeControl(bundle)}  pid ${escapeControl(pid)}\n\n`)
  print(renderExplanation(plan, { isVerbose: on.has("verbose") }))
  return 0
}
