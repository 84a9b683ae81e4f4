/**
 * The rights over MIG: to configure it (NVIDIA_MIG_CONFIG_DEVICES) and to watch it (NVIDIA_MIG_MONITOR_DEVICES). Who has one may use
 * every instance of the GPUs it has, also those that do not exist yet: the driver numbers them all in advance.
 * Source: facts, nvidia-container-cli §2.2, §2.5, §4.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Gpu, MigRights } from "./inventory.ts"
import type { MigMinors } from "./observe-mig.ts"
import type { SelectedDevice } from "./select-devices.ts"

export type MigRight = "config" | "monitor"

const migRightNames: readonly MigRight[] = ["config", "monitor"]

/** Generations whose data-centre GPUs can be cut into MIG devices. */
const migGenerations: readonly string[] = ["8.0", "9.0", "10.0", "10.3"]

export const canBeCut = ({ isMigEnabled, computeCapability }: Gpu): boolean =>
  isMigEnabled !== undefined || migGenerations.includes(computeCapability?.value ?? "")

/** A list of numbers has thousands of lines for every GPU that could be; runs of those that are there are kept. */
export function describeMigRights(gpus: readonly Gpu[], minors: MigMinors): MigRights | undefined {
  if (minors.size === 0) return undefined
  const numbers = new Map<number, number[]>()
  for (const { state, minor } of gpus)
    if (state === "usable" && minor !== undefined) numbers.set(minor.value, [])
  for (const [name, number] of minors) {
    const minor = /^gpu(\d{1,7})\//.exec(name)?.[1]
    if (minor !== undefined) numbers.get(Number(minor))?.push(number)
  }
  return {
    config: minors.get("config"),
    monitor: minors.get("monitor"),
    gpus: [...numbers].map(([minor, every]) => ({ minor, runs: toRuns(every) })),
  }
}

function toRuns(numbers: readonly number[]): readonly (readonly [first: number, last: number])[] {
  const runs: [number, number][] = []
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const run = runs.at(-1)
    if (run !== undefined && number <= run[1] + 1) run[1] = number
    else runs.push([number, number])
  }
  return runs
}

/**
 * Rights are for all GPUs or for none, and not beside MIG devices that were asked for by name. What stands behind `all` is not read.
 * Faults: MigRightInvalid.
 */
export function checkMigRights(
  asked: { readonly [R in MigRight]: string },
  devices: readonly SelectedDevice[],
): Result<readonly MigRight[]> {
  const isAll = (item: string): boolean => item.toLowerCase() === "all"
  const isEverything = devices.some(({ selector }) => isAll(selector))
  const areCutsNamed = !isEverything && devices.some(({ kind }) => kind === "mig")
  const rights: MigRight[] = []
  for (const name of migRightNames) {
    const right = `mig-${name}` as const
    const item = asked[name].split(",").find((one) => one !== "")
    if (item === undefined) continue
    if (!isAll(item)) return fail(fault("MigRightInvalid", { right, item, problem: "item" }))
    if (areCutsNamed) return fail(fault("MigRightInvalid", { right, item, problem: "devices" }))
    rights.push(name)
  }
  return ok(rights)
}
