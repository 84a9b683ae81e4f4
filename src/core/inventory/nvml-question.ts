/**
 * Whether NVML is asked, and what it means when it does not answer. A child process that loads a vendor's library costs a start more than
 * all else, so it is asked only for what files leave open and nobody else can tell:
 *   a usable GPU without UUID, a GPU whose model stands in no table, a driver whose CUDA version does not, MIG devices: this is needed
 *   a brand that its model does not prove: without an answer the likely one will do
 *   on demand, whether MIG is enabled on a GPU: a library that fails leaves that open, one that is not there has no MIG
 *   a Tegra board's own GPU, of which no file tells: older boards have no NVML, and nothing is wrong with that
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Result } from "../fault/result.ts"
import { brandOf } from "./gpu-model.ts"
import type { Gpu, Inventory, Platform } from "./inventory.ts"
import { canBeCut } from "./mig-rights.ts"
import type { NvmlReport } from "./nvml-report.ts"
import type { MigInstance } from "./observe-mig.ts"

/** What of a machine is known from files. */
interface KnownMachine extends Pick<Inventory, "kernelModuleVersion" | "gpus"> {
  readonly platform: Platform
  readonly migInstances: readonly MigInstance[]
  readonly branchCuda: string | undefined
}

export interface NvmlQuestion {
  readonly isAsked: boolean
  /** What files leave open has to be known. */
  readonly isNeeded: boolean
  /** Whether MIG is enabled on a GPU has no other source. */
  readonly isModeOpen: boolean
}

/** `asksMigMode`: as in SnapshotOptions. `mayBeBoard`: something says that it is a Tegra board. */
export function planNvmlQuestion(
  { kernelModuleVersion, gpus, platform, migInstances, branchCuda }: KnownMachine,
  { asksMigMode, mayBeBoard }: { readonly asksMigMode: boolean; readonly mayBeBoard: boolean },
): NvmlQuestion {
  const usable = gpus.filter(({ state }) => state === "usable")
  const hasDriver = kernelModuleVersion !== undefined
  const isOpen = migInstances.length > 0 || usable.some(leavesOpen) || branchCuda === undefined
  const isModeOpen = asksMigMode && usable.some(canBeCut)
  return {
    isAsked: mayBeBoard || (hasDriver && (isOpen || isModeOpen || usable.some(hasUncertainBrand))),
    isNeeded: isOpen && (platform === "tegra" ? usable.length > 0 : hasDriver),
    isModeOpen,
  }
}

const leavesOpen = (gpu: Gpu): boolean => gpu.uuid === undefined || gpu.computeCapability === undefined

/** A brand matters only to images that require one. */
const hasUncertainBrand = ({ model }: Gpu): boolean =>
  model !== undefined && brandOf(model.value)?.isCertain !== true

/** undefined: there is no answer, which is a finding where it matters. */
export function readAnswer(
  asked: Result<NvmlReport>,
  { isNeeded, isModeOpen }: NvmlQuestion,
  findings: Finding[],
): NvmlReport | undefined {
  if (!asked.ok) {
    // Where there is no library that can be loaded nothing could tell.
    const isFailing =
      asked.fault.tag === "NvmlUnavailable" && !["search", "load"].includes(asked.fault.data.step)
    if (isNeeded || (isModeOpen && isFailing))
      findings.push({ severity: "warning", fault: asked.fault, evidence: [] })
    return undefined
  }
  const { library, missingSymbols, gpus } = asked.value
  for (const symbol of missingSymbols)
    findings.push({
      severity: "note",
      fault: fault("NvmlSymbolMissing", { library, symbol }),
      evidence: [`${library}: no ${symbol}`],
    })
  for (const { index, problem, pciAddress } of gpus)
    if (problem !== undefined)
      findings.push({
        severity: "error",
        fault: fault("NvmlGpuFailed", { index, problem }),
        evidence: [`NVML: GPU ${index} (${pciAddress ?? "address not told"}): ${problem}`],
      })
  return asked.value
}
