/**
 * From a decision to the plan: what will be done to this container, what will not, and why. The machine is asked only when the
 * container wants a GPU.
 */

import { ok, type Result } from "../fault/result.ts"
import type { ContainerLayout } from "./container-layout.ts"
import type { Decision, GpuDecision } from "./decide.ts"
import type { DelegateEdit, Edit } from "./edit.ts"
import type { Omission, Plan } from "./plan.ts"
import type { planNative } from "./plan-native.ts"
import type { HostSnapshot } from "./snapshot.ts"

export interface PlanSurroundings {
  /** The injector of the command line, which wins over the configuration's. */
  readonly injector: "native" | "delegate" | undefined
  /** How another program is told what to do. Absent where nobody delegates: a start that injects does not load it. */
  planDelegate?(decision: GpuDecision): Result<DelegateEdit>
  /** As plannerOf says; a start loads that one alone. */
  readonly planMachine: typeof planNative
  /** What comes beside the machine's own devices, which are then those of the selectors. Absent: nothing. */
  readonly beside?: Pick<Plan, "edits" | "findings"> & { readonly selectors: readonly string[] }
  observe(): Result<HostSnapshot>
  observeLayout(): ContainerLayout
}

export function planContainer(decision: Decision | GpuDecision, surroundings: PlanSurroundings): Plan {
  const { log } = decision
  const { planDelegate } = surroundings
  const asked = surroundings.injector ?? decision.config?.gantry.injector ?? "native"
  const injector = planDelegate === undefined ? "native" : asked
  const plan = (outcome: Plan["outcome"], more: PlanParts): Plan =>
    composePlan(decision, injector, outcome, more)
  if (decision.kind === "refuse") return plan("refuse", { refusal: decision.fault })
  if (decision.kind === "off" || decision.kind === "nothing") return plan("nothing", {})
  log.add(
    `injector.${injector}`,
    [
      surroundings.injector === undefined
        ? decision.config.evidence("gantry.injector", "native")
        : { from: "commandLine", argument: `-injector ${injector}` },
    ],
    injector === "native"
      ? "Gantry gives the container its GPUs by itself"
      : "nvidia-container-cli does the work",
  )
  const made =
    planDelegate === undefined || injector === "native"
      ? native(decision, surroundings)
      : delegated(planDelegate(decision))
  return made.ok
    ? plan(injector === "delegate" ? "delegate" : "inject", made.value)
    : plan("refuse", { refusal: made.fault })
}

type PlanParts = Partial<Pick<Plan, "edits" | "omissions" | "findings" | "refusal">>

export const composePlan = (
  { log, profile }: Pick<Decision, "log" | "profile">,
  injector: Plan["injector"],
  outcome: Plan["outcome"],
  more: PlanParts,
): Plan => ({
  version: 1,
  outcome,
  profile: profile?.name ?? "1.20",
  injector,
  edits: [],
  omissions: [],
  reasons: log.reasons,
  findings: [],
  refusal: undefined,
  ...more,
})

type Made = Result<{
  readonly edits: readonly Edit[]
  readonly omissions: readonly Omission[]
  readonly findings: Plan["findings"]
}>

const delegated = (planned: Result<DelegateEdit>): Made =>
  planned.ok ? ok({ edits: [planned.value], omissions: [], findings: [] }) : planned

function native({ request, config, mode, log }: GpuDecision, surroundings: PlanSurroundings): Made {
  const { beside } = surroundings
  const snapshot = surroundings.observe()
  if (!snapshot.ok) return snapshot
  const layout = surroundings.observeLayout()
  const { planMachine } = surroundings
  const input = { snapshot: snapshot.value, layout, config, mode }
  if (beside === undefined) return planMachine({ ...input, request }, log)
  const own = planMachine({ ...input, request: { ...request, devices: beside.selectors } }, log)
  if (!own.ok) return own
  const { edits, omissions, findings } = own.value
  // What comes later counts where both have an edit for the same place.
  return ok({
    edits: [...edits, ...beside.edits],
    omissions,
    findings: [...findings, ...beside.findings],
  })
}
