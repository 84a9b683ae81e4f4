/** Works out what a container is given that asks for devices of CDI specifications, from the files themselves, which are then remembered. */

import { hasPassingTrouble } from "../../core/cdi/registry/passing-trouble.ts"
import type { Registry } from "../../core/cdi/registry/registry.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import type { ContainerLayout } from "../../core/plan/container-layout.ts"
import type { GpuDecision } from "../../core/plan/decide.ts"
import { hasDevice } from "../../core/plan/has-device.ts"
import type { Plan } from "../../core/plan/plan.ts"
import { planCdiAlone, planCdiContainer } from "../../core/plan/plan-cdi-container.ts"
import {
  namesDecidedBy,
  planCdiDevices,
  planSpecifiedDevices,
  specifiedNodes,
} from "../../core/plan/plan-cdi-devices.ts"
import { planNative } from "../../core/plan/plan-native.ts"
import type { AskedDevice } from "../../core/request/asked-devices.ts"
import { hostPath } from "../../core/text/brand.ts"
import { specifiedMachine } from "../../host/specified-machine.ts"
import { rememberDevices } from "../../host/state/cdi-index.ts"
import { beginWitness } from "../../host/state/make-proof.ts"
import { keepStart } from "../../host/state/prepared-start.ts"
import type { SpecWitness } from "../../host/state/spec-witness.ts"
import type { Proof } from "../../host/state/stamp.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import { readSpecifications } from "../cdi/read-specifications.ts"
import type { PlannedStart, SuppliedMachine } from "./plan-start.ts"

export interface Asking {
  readonly decision: GpuDecision
  readonly asked: readonly AskedDevice[]
  readonly layout: ContainerLayout
  /** Asked only where specifications do not decide alone. */
  know(): Promise<Result<SuppliedMachine>>
}

export interface ReadFrom {
  readonly host: HostFiles
  readonly directories: readonly string[]
  readonly witness: SpecWitness
}

/** Faults: those of knowing the machine. Why a container is refused stands in the plan. */
export async function planFromFiles(
  { decision, asked, layout, know }: Asking,
  { host, directories, witness }: ReadFrom,
): Promise<Result<PlannedStart>> {
  const { log } = decision
  const ofDirectories = beginWitness(host, directories.map(hostPath))
  const registry = readSpecifications(host, directories)
  const isPassing = hasPassingTrouble(registry)
  if (!isPassing) rememberDevices(host, directories, registry, ofDirectories, stateDirectory())
  const specifications = { registry, ...specifiedMachine(host) }
  const proofOf = (plan: Plan): Proof | undefined =>
    plan.refusal === undefined && !isPassing ? witness.prove(placesOf(registry, plan)) : undefined
  const names = namesDecidedBy(registry, asked)
  if (names !== undefined) {
    const plan = planCdiAlone(decision, planSpecifiedDevices(names, specifications, log))
    return ok({
      plan,
      host,
      keep(place, start) {
        const proof = place === undefined ? undefined : proofOf(plan)
        if (place !== undefined && proof !== undefined) keepStart(place, proof, [], start)
      },
    })
  }
  const known = await know()
  if (!known.ok) return known
  const { snapshot, recalled, notSupplied } = known.value
  const planned = planCdiDevices(
    { ...specifications, asked, isOwn: (selector) => hasDevice(snapshot, selector) },
    log,
  )
  const made = planCdiContainer(decision, planned, {
    injector: "native",
    planMachine: planNative,
    observe: () => ok(snapshot),
    observeLayout: () => layout,
  })
  const plan = { ...made, findings: [...made.findings, ...notSupplied] }
  return ok({
    plan,
    host,
    keep(place, start) {
      const proof = place === undefined || recalled === undefined ? undefined : proofOf(plan)
      if (place === undefined || recalled === undefined || proof === undefined) return
      const stamps = [...recalled.stamps, ...proof.stamps]
      const links = [...recalled.links, ...proof.links]
      keepStart(place, { stamps, links }, snapshot.inventory.sockets, start)
    },
  })
}

/** What was read, and what of the machine was asked for: files and nodes. */
const placesOf = ({ specs, rejected }: Registry, plan: Plan): readonly string[] => [
  ...[...specs, ...rejected].map(({ path }) => path),
  ...specifiedNodes(plan.edits),
]
